/** The page of a command's table. */
import { unlessRefused } from "../base/refused.ts";
import { html, nothing, render, type TemplateResult } from "lit-html";
import { type Choice, choicesOf, type Chosen, chosenRows } from "./choices.ts";
import type { Grid, GridCell, GridTable } from "../protocol/grid.ts";
import type { PageAction, Page } from "../protocol/panel.ts";
import type { Ask } from "./ask.ts";
import type { DumpState } from "./dumpState.ts";
import { recall, remember } from "./host.ts";
import { identifiedCard } from "./identified.ts";
import { link } from "./links.ts";
import { addressIn } from "./rowMenu.ts";
import { isValueColumn, ObjectValues, wideValues } from "./objectValues.ts";
import { factText, filterOf, filterWith, isTable, nextOrder, type Order, type GridRow, sorted, tableFor, tableTitle, tabSeparated, wrapping } from "./rows.ts"; // prettier-ignore
import { countsRegion } from "./table/countsRegion.ts";
import { Table } from "./table/table.ts";
import {
  counted,
  failure,
  filterBox,
  choiceList,
  exportText,
  nothingLeft,
  nothingToShow,
  Reading,
  select,
  toSearchBox,
  type View,
} from "./view.ts";

/**
 * Any command's records as a table that can be sorted by its headings, filtered, and navigated by keyboard. Cells can be
 * links.
 */
export class GridView implements View {
  readonly element = document.createElement("section");
  private readonly page: Page;
  private readonly ask: Ask;
  private grid: Grid | undefined;
  private readonly reading = new Reading(() => this.draw());
  private index = 0;
  private order: Order | undefined;
  private readonly state: DumpState;
  private filter: string;
  private choices: readonly Choice[] = [];
  private chosen: Chosen;
  /** Whether the table must be scrolled to its end when it is visible. */
  private mustScrollToEnd = false;
  private shown: readonly GridRow[] = [];
  /** The values of the objects in the table; undefined for other tables, and if their type is not known. */
  private values: ObjectValues | undefined;
  private readonly pinned = new Set<GridRow>();
  /** The column whose values are counted below the table. */
  private countedColumn: number | undefined;
  private readonly table: Table;

  constructor(page: Page, ask: Ask, state: DumpState) {
    this.page = page;
    this.ask = ask;
    this.state = state;
    this.table = new Table({
      element: this.element,
      label: page.title,
      draw: () => this.draw(),
      sortBy: (column) => this.sortBy(column),
      cell: (cell, column, row) => this.cell(cell, column, row),
      preview: (row) => this.more(row),
      actions: {
        filterBy: (column, cell) => this.filterBy(column, cell),
        count: (column) => (this.isValue(column) ? undefined : () => this.count(column)),
        pin: (row) => this.pin(row),
        isPinned: (row) => this.pinned.has(this.shown[row] ?? []),
      },
    });
    this.element.className = "page grid-page";
    this.filter = state.recall(`filter ${page.id}`, "");
    this.chosen = state.recall<Chosen>(`choice ${page.id}`, {});
    this.order = recall<Order | undefined>(`order ${page.id}`, undefined);
    new ResizeObserver(() => this.draw()).observe(this.element);
    void this.load();
  }

  show(): void {
    this.draw();
  }

  act(action: PageAction): void {
    if (action === "find") return toSearchBox(this.element);
    const { columns } = this.current;
    const text = tabSeparated(columns, this.shown);
    exportText(this.ask, action, { text, name: `${this.page.line.replace(/\W+/g, "-")}.tsv` });
  }

  private async load(): Promise<void> {
    await this.reading.run(async () => {
      const grid = await this.ask("run", { line: this.page.line });
      this.grid = { ...grid, tables: await this.withValues(grid.tables.map((table) => tableFor(table, this.page))) };
      const lengths = this.grid.tables.map(({ rows }) => rows.length);
      // Show the longest table first.
      this.index = Math.max(0, lengths.indexOf(Math.max(...lengths)));
    });
    this.order ??= this.firstOrder();
    this.mustScrollToEnd = this.page.fromEnd === true && this.order === undefined;
    this.arrange();
  }

  /** Adds the values of objects to the table that has them, if their type is known. */
  private async withValues(tables: readonly GridTable[]): Promise<readonly GridTable[]> {
    if (this.page.opens?.kind !== "object") return tables;
    const objects = tables.find(({ columns }) => columns.some(({ name }) => name === this.page.opens?.column));
    this.values = objects && (await ObjectValues.of(objects, this.ask, () => this.draw()));
    return this.values ? tables.map((table) => (table === objects ? ObjectValues.addTo(table) : table)) : tables;
  }

  /** The order until the user chooses another one. */
  private firstOrder(): Order | undefined {
    const { order } = this.page;
    const column = this.current.columns.findIndex(({ name }) => name === order?.column);
    return order && column >= 0 ? { column, descending: order.descending } : undefined;
  }

  private get current(): GridTable {
    return this.grid?.tables[this.index] ?? { columns: [], rows: [] };
  }

  /** Computes which rows are shown, and in which order. */
  private arrange(): void {
    const { columns, rows } = this.current;
    const isWanted = filterOf(this.filter, columns);
    const { choices: wanted = [] } = this.page;
    this.choices = choicesOf(columns, rows, wanted);
    const matching = chosenRows(columns, rows, wanted, this.chosen);
    const kept = isWanted ? matching.filter(isWanted) : matching;
    const kind = columns[this.order?.column ?? -1]?.kind;
    const inOrder = this.order && kind ? sorted(kept, this.order, kind) : kept;
    const pinned = rows.filter((row) => this.pinned.has(row));
    this.shown = [...pinned, ...inOrder.filter((row) => !this.pinned.has(row))];
    this.table.set(
      {
        columns,
        rows: this.shown,
        order: this.order,
        pinned: pinned.length,
        ...wrapping(columns, this.page),
        ...(this.values && wideValues(columns)),
      },
      rows,
    );
    this.draw();
  }

  private draw(): void {
    render(this.content(), this.element);
    if (!this.mustScrollToEnd || !this.table.toEnd()) return;
    this.mustScrollToEnd = false;
    render(this.content(), this.element);
  }

  private content(): TemplateResult | typeof nothing {
    if (this.reading.error !== undefined) return failure(this.reading.error, () => void this.load());
    if (!this.grid) return this.reading.waiting(`Reading ${this.page.title}…`, () => this.stop());
    if (this.grid.tables.length === 0) {
      const { remarks } = this.grid;
      return nothingToShow(this.ask, remarks.join(" ") || `${this.page.title}: there is none in this dump.`);
    }
    const isEmptied = this.shown.length === 0 && this.current.rows.length > 0;
    return html`${this.toolbar(this.grid)}
    ${isEmptied ? nothingLeft(this.emptiedBy, () => this.clear()) : this.table.template()} ${this.counts()}`;
  }

  /** The filters that exclude all rows. */
  private get emptiedBy(): string {
    const parts = Object.entries(this.chosen).map(([title, value]) => `${title} ${value}`);
    if (this.filter !== "") parts.unshift(`“${this.filter}”`);
    return `No row matches ${parts.join(", ")}.`;
  }

  private clear(): void {
    this.chosen = {};
    this.state.remember(`choice ${this.page.id}`, this.chosen);
    this.setFilter("");
  }

  private toolbar({ tables, remarks, omissions, more }: Grid): TemplateResult {
    const isWrong = filterOf(this.filter, this.current.columns) === undefined;
    const [count, all] = [this.shown.length, this.current.rows.length];
    return html`<div class="toolbar">
      ${filterBox(this.filter, isWrong, (text) => this.setFilter(text))}
      ${this.choices.map((choice) => choiceList(choice, this.chosen[choice.title], (value) => this.choose(choice, value)))}
      ${tables.filter(isTable).length > 1 ? select("Table", tables.map(tableTitle), this.index, (index) => this.setTable(index)) : nothing}
      <span class="count" role="status"
        >${count === all ? counted(all, "row") : `${count} of ${counted(all, "row")}`}</span
      >
      ${tables.filter((table) => table !== this.current && !isTable(table)).map((table) => html`<span class="count">${factText(table)}</span>`)}
      ${more ? html`<span class="bad">There are more rows than this table shows.</span>` : nothing}
      ${omissions.map(({ sentence, all }) => html`<span class="bad" title=${sentence}>${sentence}</span>${link(all.title, all.line, "table")}`)}
      ${remarks.map((remark) => html`<span class="bad" title=${remark}>${remark}</span>`)}
    </div>`;
  }

  /** Whether a column has the values of objects, which are read when they come into sight. */
  private isValue(column: number): boolean {
    return this.values !== undefined && isValueColumn(this.current.columns[column]?.name);
  }

  private cell(cell: GridCell, column: number, row: number): unknown {
    const { opens } = this.page;
    if (this.isValue(column)) return this.values?.textOf(this.current, this.shown[row] ?? []);
    if (typeof cell !== "string" || opens === undefined || this.current.columns[column]?.name !== opens.column) {
      return undefined;
    }
    return link(
      cell,
      opens.target.replace("$", () => cell),
      opens.kind,
    );
  }

  /** Describes the first address of a row. */
  private async more(row: number): Promise<unknown> {
    const address = this.shown[row]?.map(addressIn).find((one) => one !== undefined);
    if (address === undefined) return undefined;
    const identified = await unlessRefused(this.ask("identify", { text: address }));
    return identified && identified.containers.length > 0 ? identifiedCard(identified) : undefined;
  }

  private setFilter(text: string): void {
    this.filter = text;
    this.state.remember(`filter ${this.page.id}`, text);
    this.arrangeAnew();
  }

  /** Counts the values of a column in the rows that are shown; undefined: no longer. */
  private count(column: number | undefined): void {
    this.countedColumn = column;
    this.draw();
    this.element.querySelector<HTMLElement>(column === undefined ? ".grid" : ".counts")?.focus();
  }

  private counts(): TemplateResult | typeof nothing {
    const index = this.countedColumn;
    const column = this.current.columns[index ?? -1];
    if (index === undefined || !column) return nothing;
    return countsRegion(
      { rows: this.shown, index, column },
      { filterBy: (cell) => this.filterBy(index, cell), close: () => this.count(undefined) },
    );
  }

  private filterBy(column: number, cell: GridCell): void {
    const of = this.current.columns[column];
    if (of) this.setFilter(filterWith(this.filter, of, cell));
  }

  private pin(row: number): void {
    const cells = this.shown[row];
    if (cells && !this.pinned.delete(cells)) this.pinned.add(cells);
    this.arrange();
  }

  /** @param value undefined for all rows */
  private choose({ title }: Choice, value: string | undefined): void {
    const { [title]: _, ...others } = this.chosen;
    this.chosen = value === undefined ? others : { ...others, [title]: value };
    this.state.remember(`choice ${this.page.id}`, this.chosen);
    this.arrangeAnew();
  }

  /** Arranges other rows, and scrolls to the first one, or to the last one on a page that is first shown at its end. */
  private arrangeAnew(): void {
    this.mustScrollToEnd = this.page.fromEnd === true && this.order === undefined;
    if (!this.mustScrollToEnd) this.table.toTop();
    this.arrange();
  }

  /** Ends the command; the rows so far are shown. */
  private stop(): void {
    void unlessRefused(this.ask("stopRun", { line: this.page.line }));
  }

  private setTable(index: number): void {
    this.index = index;
    this.order = undefined;
    this.countedColumn = undefined;
    this.table.reset();
    this.arrange();
  }

  private sortBy(column: number): void {
    this.order = nextOrder(this.order, column, this.current.columns[column]);
    remember(`order ${this.page.id}`, this.order);
    this.arrange();
  }
}
