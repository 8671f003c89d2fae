/** The table of a page. */
import { html, nothing, type TemplateResult } from "lit-html";
import { repeat } from "lit-html/directives/repeat.js";
import type { GridCell, GridColumn } from "../../protocol/grid.ts";
import { ask } from "../host.ts";
import { explain, follow } from "../links.ts";
import { RowPreview } from "./preview.ts";
import { openRowMenu } from "../rowMenu.ts";
import { type GridRow, type TableRows, widths } from "../rows.ts";
import { clearSelection, selectAllRows, selectedRows } from "../selection.ts";
import { dataCell, groupCell, headingCell } from "./tableCells.ts";
import { columnTracks } from "./tableColumns.ts";
import { ROW_HEIGHT, type TablePage } from "./tablePage.ts";
import { copiedText, rowText, selectedTableText } from "./tableText.ts";
import { cursorStep, drawnRows, HEADING, rowsToDraw, nearestCell, scrollFor } from "../windowing.ts";

/** Number of milliseconds within which two clicks are a double click, at most. */
const REVEAL_MS = 500;
/** Links to which a row leads before others. */
const MAIN_LINKS = "[data-kind=task], [data-kind=object], [data-kind=table]";

/** Number of tables so far. It makes ids unique, because pages of several sessions share the document. */
let tables = 0;

/** Rows of equal height, of which only the visible ones are in the document; sorted, and navigated by keyboard. */
export class Table {
  private readonly page: TablePage;
  private readonly number = ++tables;
  private shown: TableRows = { columns: [], rows: [] };
  private columnWidths: readonly number[] = [];
  private cursor = { row: HEADING, column: 0 };
  private readonly preview: RowPreview | undefined;

  constructor(page: TablePage) {
    this.page = page;
    this.preview = page.preview && new RowPreview(() => page.draw(), page.preview);
  }

  /** Replaces the rows. The page must draw afterwards. @param measured the rows that decide the widths of the columns */
  set(shown: TableRows, measured: readonly GridRow[] = shown.rows): void {
    clearSelection(this.body);
    this.shown = shown;
    this.columnWidths = widths(shown.columns, measured, shown);
    if (shown.outline) {
      const depth = shown.outline.reduce((most, place) => Math.max(most, place.depth), 0);
      this.columnWidths = this.columnWidths.map((width, i) => (i === 0 ? width + 2 * depth + 3 : width));
    }
    this.cursor = nearestCell(this.cursor, shown);
  }

  toTop(): void {
    this.scroller?.scrollTo({ top: 0 });
  }

  /** Scrolls to the last row and moves the cursor there. @returns false while the table is not visible */
  toEnd(): boolean {
    const { scroller } = this;
    if (!scroller || scroller.clientHeight === 0) return false;
    this.cursor = nearestCell({ row: this.shown.rows.length - 1, column: 0 }, this.shown);
    scroller.scrollTo({ top: scroller.scrollHeight });
    return true;
  }

  /** Moves the cursor to the heading. */
  reset = (): void => void (this.cursor = { row: HEADING, column: 0 });

  private get scroller(): HTMLElement | null {
    return this.page.element.querySelector(".grid");
  }

  template(): TemplateResult {
    const { columns, rows, outline, isWhole = false, wraps = false, wide = columns.length - 1 } = this.shown;
    const { scroller } = this;
    const height = scroller?.clientHeight ?? this.page.element.clientHeight;
    // The ends of the selection and the cell of the cursor stay in the document when they are scrolled out of view.
    const selected = selectedRows(this.body, rows.length);
    const kept = [...(selected ? [selected.first, selected.last] : []), this.cursor.row].filter((at) => at > HEADING);
    const sight = rowsToDraw(scroller?.scrollTop ?? 0, height, ROW_HEIGHT, rows.length);
    const drawn = wraps ? [...rows.keys()] : drawnRows(sight, kept);
    // A wide last column of numbers would be far from the others.
    const widest = columns[wide]?.kind === "number" ? undefined : wide;
    const { template, all } = columnTracks(this.columnWidths, { columns, wide: widest, isWhole, wraps });
    const { row, column } = this.cursor;
    return html`<div
        class=${wraps ? "grid wraps" : "grid"}
        role=${outline ? "treegrid" : "grid"}
        tabindex="0"
        aria-label=${this.page.label}
        aria-rowcount=${rows.length + 1}
        aria-colcount=${columns.length}
        aria-activedescendant=${this.cellId(row, column)}
        .style=${`--columns: ${template}; --all: ${all}`}
        @scroll=${() => requestAnimationFrame(() => this.page.draw())}
        @keydown=${(event: KeyboardEvent) => this.onKey(event)}
        @copy=${(event: ClipboardEvent) => this.onCopy(event)}
        @click=${(event: MouseEvent) => this.onClick(event)}
        @contextmenu=${(event: MouseEvent) => this.onMenu(event)}
        @dblclick=${(event: MouseEvent) => this.onDoubleClick(event)}
      >
        <div class="head" role="rowgroup">
          <div class="row" role="row" aria-rowindex="1">${columns.map((one, i) => this.headingCell(one, i))}</div>
        </div>
        <div role="rowgroup" class="body" .style=${wraps ? "" : `height: ${rows.length * ROW_HEIGHT}px`}>
          ${repeat(
            drawn,
            (index) => index,
            (index) => this.row(rows[index] ?? [], index),
          )}
        </div>
      </div>
      ${this.preview?.template() ?? nothing}`;
  }

  private headingCell(column: GridColumn, index: number): TemplateResult {
    const order = this.shown.order?.column === index ? this.shown.order : undefined;
    const direction = order ? (order.descending ? "descending" : "ascending") : "none";
    return headingCell(column, {
      id: this.cellId(HEADING, index),
      index,
      isTree: index === 0 && this.shown.outline !== undefined,
      isAt: this.isAt(HEADING, index),
      direction: this.page.sortBy ? direction : undefined,
    });
  }

  private row(cells: GridRow, index: number): TemplateResult {
    const isAt = index === this.cursor.row;
    const place = this.shown.outline?.[index];
    return html`<div
      class=${`row ${isAt ? "at" : ""} ${index < (this.shown.pinned ?? 0) ? "pinned" : ""}`}
      role="row"
      aria-rowindex=${index + 2}
      aria-selected=${isAt}
      aria-level=${place ? place.depth + 1 : nothing}
      aria-expanded=${place?.open ?? nothing}
      .style=${this.shown.wraps ? "" : `transform: translateY(${index * ROW_HEIGHT}px)`}
      data-row=${index}
    >
      ${
        place?.heading === undefined
          ? cells.map((cell, i) => this.cell(cell, this.shown.columns[i], index, i))
          : groupCell(place.heading, place, { id: this.cellId(index, 0), isAt, columns: this.shown.columns.length })
      }
    </div>`;
  }

  private cell(cell: GridCell, column: GridColumn | undefined, row: number, index: number): TemplateResult {
    return dataCell(cell, column, {
      id: this.cellId(row, index),
      index,
      isAt: this.isAt(row, index),
      place: index === 0 ? this.shown.outline?.[row] : undefined,
      content: this.page.cell?.(cell, index, row),
    });
  }

  private cellId(row: number, column: number): string {
    return `cell-${this.number}-${row}-${column}`;
  }

  private isAt(row: number, column: number): boolean {
    return this.cursor.row === row && this.cursor.column === column;
  }

  private onClick({ target }: MouseEvent): void {
    const cell = (target as Element).closest<HTMLElement>("[data-column]");
    if (!cell) return;
    const row = cell.closest<HTMLElement>("[data-row]")?.dataset.row;
    this.cursor = { row: row === undefined ? HEADING : Number(row), column: Number(cell.dataset.column) };
    if (row === undefined) return this.page.sortBy?.(this.cursor.column);
    if ((target as Element).closest(".twistie")) this.page.toggle?.(this.cursor.row);
    // A click that ends a selection, or follows a link, previews nothing.
    else if (getSelection()?.isCollapsed !== false && !(target as Element).closest("[data-target]")) this.previewRow();
    this.page.draw();
  }

  /** Shows the row of the cursor below the table. */
  private previewRow(): void {
    const wasOpen = this.preview?.isOpen;
    this.preview?.show(this.shown, this.cursor.row);
    // The row is not moved before a second click can have made the first one a double click.
    if (wasOpen === false) setTimeout(() => this.reveal(), REVEAL_MS);
  }

  /** Opens the menu of the cell under the mouse; by key, of the cell with the cursor. */
  private onMenu(event: MouseEvent): void {
    const clicked = (event.target as Element).closest<HTMLElement>(".body [data-column]");
    const row = clicked?.closest<HTMLElement>("[data-row]")?.dataset.row;
    if (clicked && row !== undefined) this.cursor = { row: Number(row), column: Number(clicked.dataset.column) };
    const [{ shown, scroller, cursor, page }, element] = [this, clicked ?? this.cursorCell()];
    if (!scroller || !element || !shown.rows[cursor.row] || shown.outline?.[cursor.row]?.heading !== undefined) return;
    event.preventDefault();
    page.draw();
    const selected = selectedRows(this.body, shown.rows.length);
    const text = (index: number): string => rowText(shown, index) ?? "";
    openRowMenu(
      { ...cursor, shown, selected, text, element, from: scroller, owner: page },
      clicked ? event : undefined,
    );
  }

  private onDoubleClick({ target }: MouseEvent): void {
    const row = (target as Element).closest<HTMLElement>("[data-row]");
    // A link was followed by the first click.
    if (row && !(target as Element).closest("[data-target]")) this.open(row);
  }

  /** Goes where a row leads: to its task, object or rows. A row of an outline is opened; others lead to their first link. */
  private open(row: HTMLElement): void {
    const main = row.querySelector(MAIN_LINKS);
    const index = Number(row.dataset.row);
    if (main) return follow(main);
    if (this.shown.outline?.[index]?.open !== undefined) return this.page.toggle?.(index);
    const other = row.querySelector("[data-target]");
    if (other) follow(other);
  }

  private onKey(event: KeyboardEvent): void {
    if (event.key === "Enter") return this.enter();
    if (this.preview?.byKey(event.key, this.shown, this.cursor.row)) return event.preventDefault();
    const key = event.ctrlKey || event.metaKey ? event.key.toLowerCase() : "";
    if (key === "a" || key === "c") {
      event.preventDefault();
      // VS Code would select the whole page.
      event.stopPropagation();
      if (key === "c") return void ask("copy", { text: copiedText(this.body, this.shown, this.cursor.row) });
      return this.body ? selectAllRows(this.body) : undefined;
    }
    if (event.key === "i" && (event.ctrlKey || event.metaKey)) return this.explainCell();
    const step = cursorStep(event, Math.floor((this.scroller?.clientHeight ?? 0) / ROW_HEIGHT) - 2);
    if (!step) return;
    event.preventDefault();
    if (this.toggleByArrow(event.key)) return;
    const { row, column } = this.cursor;
    this.cursor = nearestCell({ row: row + step.rows, column: column + step.columns }, this.shown);
    this.reveal();
    if (this.preview?.isOpen) this.previewRow();
    this.page.draw();
  }

  /** Opens a row with the right arrow and closes it with the left arrow, as trees do. @returns whether it did */
  private toggleByArrow(key: string): boolean {
    const open = this.cursor.column === 0 ? this.shown.outline?.[this.cursor.row]?.open : undefined;
    if (open === undefined || key !== (open ? "ArrowLeft" : "ArrowRight")) return false;
    this.page.toggle?.(this.cursor.row);
    return true;
  }

  /** Scrolls the cursor's row into view below the heading, and draws it. */
  private reveal(): void {
    const { scroller } = this;
    if (!scroller || this.cursor.row === HEADING) return;
    const height = scroller.clientHeight - ROW_HEIGHT;
    if (!this.shown.wraps) scroller.scrollTop = scrollFor(this.cursor.row, scroller.scrollTop, height, ROW_HEIGHT);
    this.page.draw();
    this.cursorCell()?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  private cursorCell(): Element | null {
    return document.getElementById(this.cellId(this.cursor.row, this.cursor.column));
  }

  private enter(): void {
    if (this.cursor.row === HEADING) return this.page.sortBy?.(this.cursor.column);
    const cell = this.cursorCell();
    const target = cell?.querySelector("[data-target]");
    const row = cell?.closest<HTMLElement>("[data-row]");
    if (target) follow(target);
    else if (row) this.open(row);
  }

  private explainCell(): void {
    const target = this.cursorCell()?.querySelector("[data-target]");
    if (target) void explain(target);
  }

  private get body(): Element | null {
    return this.page.element.querySelector(".grid .body");
  }

  /** Copies by the menu of the editor or of the browser. */
  private onCopy(event: ClipboardEvent): void {
    const text = selectedTableText(this.body, this.shown);
    if (text === undefined) return;
    event.clipboardData?.setData("text/plain", text);
    event.preventDefault();
  }
}
