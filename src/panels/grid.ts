import { html, nothing, render, type TemplateResult } from "lit-html";
import { repeat } from "lit-html/directives/repeat.js";
import type { Grid, GridCell, GridColumn, GridTable } from "../protocol/grid.ts";
import type { PageAction, Panel } from "../protocol/panel.ts";
import { ask, recall, remember } from "./host.ts";
import { explain, follow, link } from "./links.ts";
import { cellText, filterOf, heading, type Order, type Row, sorted, tabSeparated, widths } from "./rows.ts";
import { busy, failure, type View, whenSlow } from "./view.ts";
import { inSight, scrollFor } from "./windowing.ts";

/** Height of a row as VS Code's own lists have it; panels.css says the same. */
const ROW_HEIGHT = 22;

/** The heading is the row above the first. */
const HEADING = -1;

/** Any command's records as a table: sorted by its headings, filtered, walked by key; cells lead where they point. */
export class GridView implements View {
  readonly element = document.createElement("section");
  private readonly panel: Panel;
  private grid: Grid | undefined;
  private error: string | undefined;
  private slow = false;
  private table = 0;
  private order: Order | undefined;
  private filter: string;
  private shown: readonly Row[] = [];
  private columnWidths: readonly number[] = [];
  private cursor = { row: HEADING, column: 0 };

  constructor(panel: Panel) {
    this.panel = panel;
    this.element.className = "page grid-page";
    this.filter = recall(`filter ${panel.id}`, "");
    this.order = recall<Order | undefined>(`order ${panel.id}`, undefined);
    new ResizeObserver(() => this.draw()).observe(this.element);
    void this.load();
  }

  show(): void {
    this.draw();
  }

  act(action: PageAction): void {
    const { columns } = this.current;
    const text = tabSeparated(columns, this.shown);
    if (action === "copy") void ask("copy", { text });
    else if (action === "openDocument") void ask("openDocument", { text, language: "plaintext" });
    else if (action === "save") void ask("save", { text, name: `${this.panel.line.replace(/\W+/g, "-")}.tsv` });
    else this.element.querySelector("input")?.focus();
  }

  private async load(): Promise<void> {
    this.error = undefined;
    const callOff = whenSlow(() => {
      this.slow = true;
      this.draw();
    });
    try {
      this.grid = await ask("run", { line: this.panel.line });
      // Of several tables the longest is what one came for.
      const lengths = this.grid.tables.map(({ rows }) => rows.length);
      this.table = Math.max(0, lengths.indexOf(Math.max(...lengths)));
    } catch (error) {
      this.error = error instanceof Error ? error.message : String(error);
    }
    callOff();
    this.arrange();
  }

  private get current(): GridTable {
    return this.grid?.tables[this.table] ?? { columns: [], rows: [] };
  }

  /** Works out anew which rows are shown, and in which order. */
  private arrange(): void {
    const { columns, rows } = this.current;
    this.columnWidths = widths(columns, rows);
    const isWanted = filterOf(this.filter, columns);
    const kept = isWanted ? rows.filter(isWanted) : rows;
    const kind = columns[this.order?.column ?? -1]?.kind;
    this.shown = this.order && kind ? sorted(kept, this.order, kind) : kept;
    this.cursor.row = Math.min(this.cursor.row, this.shown.length - 1);
    this.draw();
  }

  private draw(): void {
    render(this.content(), this.element);
  }

  private content(): TemplateResult | typeof nothing {
    if (this.error !== undefined) return failure(this.error, () => void this.load());
    if (!this.grid) return this.slow ? busy(`Reading ${this.panel.title}…`) : nothing;
    if (this.grid.tables.length === 0) {
      return html`<p class="state">${this.grid.remarks.join(" ") || "This kernel has none."}</p>`;
    }
    return html`${this.toolbar(this.grid)} ${this.body()}`;
  }

  private toolbar({ tables, remarks, more }: Grid): TemplateResult {
    const isWrong = filterOf(this.filter, this.current.columns) === undefined;
    const [count, all] = [this.shown.length, this.current.rows.length];
    return html`<div class="toolbar">
      <input
        type="search"
        class=${isWrong ? "wrong" : ""}
        aria-label="Filter"
        aria-invalid=${isWrong}
        placeholder="Filter: words, name:value, /expression/"
        .value=${this.filter}
        @input=${({ target }: InputEvent) => this.setFilter((target as HTMLInputElement).value)}
      />
      ${tables.length > 1 ? this.tablePicker(tables) : nothing}
      <span class="count" role="status">${count === all ? `${all} rows` : `${count} of ${all} rows`}</span>
      ${more ? html`<span class="bad">There are more: the table was cut.</span>` : nothing}
      ${remarks.map((remark) => html`<span class="bad" title=${remark}>${remark}</span>`)}
    </div>`;
  }

  private tablePicker(tables: readonly GridTable[]): TemplateResult {
    return html`<select
      aria-label="Table"
      @change=${({ target }: Event) => this.setTable((target as HTMLSelectElement).selectedIndex)}
    >
      ${tables.map(({ columns, rows }, i) => {
        const title = `${heading(columns[0]?.name ?? "")} (${rows.length})`;
        return html`<option ?selected=${i === this.table}>${title}</option>`;
      })}
    </select>`;
  }

  private body(): TemplateResult {
    const { columns } = this.current;
    const scroller = this.element.querySelector(".grid");
    const height = scroller?.clientHeight ?? this.element.clientHeight;
    const { first, end } = inSight(scroller?.scrollTop ?? 0, height, ROW_HEIGHT, this.shown.length);
    const template = this.columnWidths.map((width, i) => track(width, i === columns.length - 1)).join(" ");
    const { row, column } = this.cursor;
    return html`<div
      class="grid"
      role="grid"
      tabindex="0"
      aria-label=${this.panel.title}
      aria-rowcount=${this.shown.length + 1}
      aria-colcount=${columns.length}
      aria-activedescendant=${this.cellId(row, column)}
      .style=${`--columns: ${template}`}
      @scroll=${() => requestAnimationFrame(() => this.draw())}
      @keydown=${(event: KeyboardEvent) => this.onKey(event)}
      @click=${(event: MouseEvent) => this.onClick(event)}
      @dblclick=${(event: MouseEvent) => this.onDoubleClick(event)}
    >
      <div class="head" role="rowgroup">
        <div class="row" role="row" aria-rowindex="1">${columns.map((one, i) => this.headingCell(one, i))}</div>
      </div>
      <div role="rowgroup" class="body" .style=${`height: ${this.shown.length * ROW_HEIGHT}px`}>
        ${repeat(
          this.shown.slice(first, end),
          (_, i) => first + i,
          (cells, i) => this.row(cells, first + i),
        )}
      </div>
    </div>`;
  }

  private headingCell({ name, kind }: GridColumn, index: number): TemplateResult {
    const order = this.order?.column === index ? this.order : undefined;
    const direction = order ? (order.descending ? "descending" : "ascending") : "none";
    return html`<div
      id=${this.cellId(HEADING, index)}
      class=${`cell ${kind} ${this.isAt(HEADING, index) ? "at" : ""}`}
      role="columnheader"
      aria-colindex=${index + 1}
      aria-sort=${direction}
      title=${name}
      data-column=${index}
    >
      ${heading(name)}
    </div>`;
  }

  private row(cells: Row, index: number): TemplateResult {
    const isAt = index === this.cursor.row;
    return html`<div
      class=${isAt ? "row at" : "row"}
      role="row"
      aria-rowindex=${index + 2}
      aria-selected=${isAt}
      .style=${`transform: translateY(${index * ROW_HEIGHT}px)`}
      data-row=${index}
    >
      ${cells.map((cell, i) => this.cell(cell, this.current.columns[i], index, i))}
    </div>`;
  }

  private cell(cell: GridCell, column: GridColumn | undefined, row: number, index: number): TemplateResult {
    const kind = column?.kind ?? "text";
    const isFault = typeof cell === "object" && cell !== null;
    const classes = `cell ${kind} ${isFault ? "bad" : ""} ${this.isAt(row, index) ? "at" : ""}`;
    return html`<div
      id=${this.cellId(row, index)}
      class=${classes}
      role="gridcell"
      aria-colindex=${index + 1}
      data-column=${index}
    >
      ${cellContent(cell, kind)}
    </div>`;
  }

  private cellId(row: number, column: number): string {
    return `${this.panel.id} ${row} ${column}`.replaceAll(" ", "_");
  }

  private isAt(row: number, column: number): boolean {
    return this.cursor.row === row && this.cursor.column === column;
  }

  private setFilter(text: string): void {
    this.filter = text;
    remember(`filter ${this.panel.id}`, text);
    this.element.querySelector(".grid")?.scrollTo({ top: 0 });
    this.arrange();
  }

  private setTable(index: number): void {
    this.table = index;
    this.order = undefined;
    this.cursor = { row: HEADING, column: 0 };
    this.arrange();
  }

  /** As lists sort everywhere: up, then down, then as the kernel has it. */
  private sortBy(column: number): void {
    const wasHere = this.order?.column === column;
    if (!wasHere) this.order = { column, descending: false };
    else this.order = this.order?.descending ? undefined : { column, descending: true };
    remember(`order ${this.panel.id}`, this.order);
    this.arrange();
  }

  private onClick({ target }: MouseEvent): void {
    const cell = (target as Element).closest<HTMLElement>("[data-column]");
    if (!cell) return;
    const row = cell.closest<HTMLElement>("[data-row]")?.dataset.row;
    this.cursor = { row: row === undefined ? HEADING : Number(row), column: Number(cell.dataset.column) };
    if (row === undefined) this.sortBy(this.cursor.column);
    else this.draw();
  }

  /** A row of tasks selects its task, wherever it is hit. */
  private onDoubleClick({ target }: MouseEvent): void {
    const task = (target as Element).closest("[data-row]")?.querySelector("[data-kind=task]");
    if (task) follow(task);
  }

  private onKey(event: KeyboardEvent): void {
    if (event.key === "Enter") return this.enter();
    if (event.key.toLowerCase() === "c" && (event.ctrlKey || event.metaKey)) return this.copyRow();
    if (event.key === "i" && (event.ctrlKey || event.metaKey)) return this.explainCell();
    const step = this.stepFor(event);
    if (!step) return;
    event.preventDefault();
    this.cursor = {
      row: clamp(this.cursor.row + step.rows, HEADING, this.shown.length - 1),
      column: clamp(this.cursor.column + step.columns, 0, this.current.columns.length - 1),
    };
    this.reveal();
    this.draw();
  }

  private stepFor({ key, ctrlKey }: KeyboardEvent): { rows: number; columns: number } | undefined {
    const far = Number.POSITIVE_INFINITY;
    const page = Math.max(1, Math.floor((this.element.querySelector(".grid")?.clientHeight ?? 0) / ROW_HEIGHT) - 2);
    switch (key) {
      case "ArrowUp":
        return { rows: -1, columns: 0 };
      case "ArrowDown":
        return { rows: 1, columns: 0 };
      case "ArrowLeft":
        return { rows: 0, columns: -1 };
      case "ArrowRight":
        return { rows: 0, columns: 1 };
      case "PageUp":
        return { rows: -page, columns: 0 };
      case "PageDown":
        return { rows: page, columns: 0 };
      case "Home":
        return ctrlKey ? { rows: -far, columns: 0 } : { rows: 0, columns: -far };
      case "End":
        return ctrlKey ? { rows: far, columns: 0 } : { rows: 0, columns: far };
    }
    return undefined;
  }

  /** Scrolls the cursor's row below the heading, and draws it. */
  private reveal(): void {
    const scroller = this.element.querySelector(".grid");
    if (!scroller || this.cursor.row === HEADING) return;
    const height = scroller.clientHeight - ROW_HEIGHT;
    scroller.scrollTop = scrollFor(this.cursor.row, scroller.scrollTop, height, ROW_HEIGHT);
    this.draw();
    this.cursorCell()?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  private cursorCell(): Element | null {
    return document.getElementById(this.cellId(this.cursor.row, this.cursor.column));
  }

  private enter(): void {
    if (this.cursor.row === HEADING) return this.sortBy(this.cursor.column);
    const target = this.cursorCell()?.querySelector("[data-target]");
    if (target) follow(target);
  }

  private explainCell(): void {
    const target = this.cursorCell()?.querySelector("[data-target]");
    if (target) void explain(target);
  }

  private copyRow(): void {
    const selected = getSelection()?.toString() ?? "";
    const row = this.shown[this.cursor.row];
    const text = selected || (row ? row.map(cellText).join("\t") : tabSeparated(this.current.columns, this.shown));
    void ask("copy", { text });
  }
}

const clamp = (value: number, low: number, high: number): number => Math.max(low, Math.min(high, value));

/** The last column takes what is left. Cells have 16 pixels of padding in all; one more is for rounding. */
const track = (characters: number, isLast: boolean): string =>
  isLast ? `minmax(calc(${characters}ch + 17px), 1fr)` : `calc(${characters}ch + 17px)`;

function cellContent(cell: GridCell, kind: GridColumn["kind"]): TemplateResult | string {
  const text = cellText(cell);
  const isLink = kind !== "text" && kind !== "number" && typeof cell === "string" && cell !== "0x0" && cell !== "";
  return isLink ? link(text, cell, kind === "task" ? "task" : "place") : text;
}
