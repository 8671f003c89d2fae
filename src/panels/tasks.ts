/** The page of tasks. */
import { unlessRefused } from "../base/refused.ts";
import { html, nothing, render, type TemplateResult } from "lit-html";
import type { TaskStack } from "../protocol/custom.ts";
import type { Grid, GridCell } from "../protocol/grid.ts";
import type { PageAction, Page } from "../protocol/panel.ts";
import type { Ask } from "./ask.ts";
import type { DumpState } from "./dumpState.ts";
import { recall, remember } from "./host.ts";
import {
  filterOf,
  filterWith,
  nextOrder,
  type Order,
  type GridRow,
  sorted,
  tabSeparated,
  type TableRows,
} from "./rows.ts";
import { stackList } from "./stackList.ts";
import { Table } from "./table/table.ts";
import {
  COLUMNS,
  FUNCTION,
  groupsOf,
  type Outlined,
  taskOf,
  taskRows,
  treeOf,
  waitGroupsOf,
  WAITS_FOR,
} from "./taskRows.ts";
import {
  counted,
  failure,
  filterBox,
  exportText,
  nothingLeft,
  nothingToShow,
  Reading,
  toSearchBox,
  type View,
} from "./view.ts";

/** Number of stacks per request. It is small, so that Stop takes effect quickly. */
const BATCH = 32;
/**
 * Number of times that the rows are built again while stacks are read. It does not grow with the number of tasks, because
 * the work of each time does.
 */
const ARRANGEMENTS = 50;

type Mode = "list" | "tree" | "stacks" | "waits";
const MODES: readonly (readonly [Mode, string])[] = [
  ["list", "List"],
  ["tree", "By Parent"],
  ["stacks", "By Stack"],
  ["waits", "By Wait"],
];

/** All tasks: in the order of `ps`, below their parents, or grouped by shared stacks or waits. */
export class TasksView implements View {
  readonly element = document.createElement("section");
  private readonly page: Page;
  private readonly ask: Ask;
  private readonly table: Table;
  private ps: Grid | undefined;
  private lastRun: Grid | undefined;
  private waits: Grid | undefined;
  private readonly stacks = new Map<string, TaskStack>();
  private isReadingStacks = false;
  private rows: readonly GridRow[] = [];
  private shown: Outlined = { rows: [], outline: [], keys: [] };
  private readonly reading = new Reading(() => this.draw());
  private mode = recall<Mode>("tasks mode", "list");
  private order = recall<Order | undefined>("order tasks", undefined);
  private readonly state: DumpState;
  private filter: string;
  private readonly closed = new Set<string>();
  private readonly opened = new Set<string>();
  /** Addresses of the tasks that are first in every order of the list. */
  private readonly pinned = new Set<string>();

  constructor(page: Page, ask: Ask, state: DumpState) {
    this.page = page;
    this.ask = ask;
    this.state = state;
    this.filter = state.recall("filter tasks", "");
    this.element.className = "page grid-page";
    this.table = new Table({
      element: this.element,
      label: page.title,
      draw: () => this.draw(),
      sortBy: (column) => this.sortBy(column),
      toggle: (row) => this.toggle(row),
      preview: (row) => this.stackOf(row),
      actions: {
        filterBy: (column, cell) => this.filterBy(column, cell),
        pin: (row) => this.pin(row),
        isPinned: (row) => this.pinned.has(taskOf(this.shown.rows[row] ?? [])),
      },
    });
    new ResizeObserver(() => this.draw()).observe(this.element);
    void this.load();
  }

  show(): void {
    this.draw();
  }

  act(action: PageAction): void {
    if (action === "find") return toSearchBox(this.element);
    const text = tabSeparated(COLUMNS, this.shown.rows);
    exportText(this.ask, action, { text, name: "tasks.tsv" });
  }

  private async load(): Promise<void> {
    await this.reading.run(async () => {
      this.ps = await this.ask("run", { line: this.page.line });
      // Old kernels keep no times; the table is shown without them.
      this.lastRun = await unlessRefused(this.ask("run", { line: "ps -l" }));
    });
    this.arrange(true);
    if (this.reading.error !== undefined) return;
    // This unwinds the blocked tasks, so the rows are drawn before.
    this.waits = await unlessRefused(this.ask("run", { line: "waits" }));
    this.arrange(true);
    await this.readStacks();
  }

  /** Reads the stacks in batches until all are read, the user stops it, or the page is closed. */
  private async readStacks(): Promise<void> {
    this.isReadingStacks = true;
    const unread = this.rows.map(taskOf).filter((task) => !this.stacks.has(task));
    const step = Math.ceil(unread.length / ARRANGEMENTS);
    let arranged = 0;
    for (let i = 0; i < unread.length && this.isReadingStacks && this.element.isConnected; i += BATCH) {
      const answer = await unlessRefused(this.ask("stacks", { tasks: unread.slice(i, i + BATCH) }));
      // The session has ended.
      if (!answer) break;
      for (const stack of answer.stacks) this.stacks.set(stack.task, stack);
      if (i + BATCH - arranged < step) this.draw();
      else {
        arranged = i + BATCH;
        this.arrange(true);
      }
    }
    this.isReadingStacks = false;
    this.arrange(true);
  }

  /** @param anew whether the rows must be built again, because more is known about each task */
  private arrange(anew = false): void {
    if (anew && this.ps) this.rows = taskRows(this.ps, { lastRun: this.lastRun, waits: this.waits }, this.stacks);
    const isWanted = filterOf(this.filter, COLUMNS) ?? (() => true);
    const kind = COLUMNS[this.order?.column ?? -1]?.kind;
    const rows = this.order && kind ? sorted(this.rows, this.order, kind) : this.rows;
    if (this.mode === "tree") this.shown = treeOf(rows, isWanted, this.closed);
    else if (this.mode === "stacks") this.shown = groupsOf(rows.filter(isWanted), this.stacks, this.opened);
    else if (this.mode === "waits") this.shown = waitGroupsOf(rows.filter(isWanted), this.stacks, this.opened);
    else this.shown = { rows: this.listOf(rows, isWanted), outline: [], keys: [] };
    const outline = this.mode === "list" ? {} : { outline: this.shown.outline };
    this.table.set(
      {
        columns: COLUMNS,
        rows: this.shown.rows,
        order: this.order,
        pinned: this.mode === "list" ? this.pinned.size : 0,
        ...this.wideColumn(),
        ...outline,
      },
      this.rows,
    );
    this.draw();
  }

  /** The holder of a lock is at the end of the text, which is therefore not cut where tasks are listed. */
  private wideColumn(): Pick<TableRows, "wide" | "isWhole"> {
    const isListed = this.mode === "list" || this.mode === "tree";
    const waits = isListed && this.rows.some((row) => (row[WAITS_FOR] ?? "") !== "");
    return waits ? { wide: WAITS_FOR, isWhole: true } : { wide: FUNCTION };
  }

  private listOf(rows: readonly GridRow[], isWanted: (row: GridRow) => boolean): readonly GridRow[] {
    const isPinned = (row: GridRow): boolean => this.pinned.has(taskOf(row));
    return [...rows.filter(isPinned), ...rows.filter((row) => !isPinned(row) && isWanted(row))];
  }

  private filterBy(column: number, cell: GridCell): void {
    const of = COLUMNS[column];
    if (of) this.setFilter(filterWith(this.filter, of, cell));
  }

  private pin(row: number): void {
    const task = taskOf(this.shown.rows[row] ?? []);
    if (!this.pinned.delete(task)) this.pinned.add(task);
    if (this.mode === "list") this.arrange();
    else this.setMode("list");
  }

  private draw(): void {
    render(this.content(), this.element);
  }

  private content(): TemplateResult | typeof nothing {
    if (this.reading.error !== undefined) return failure(this.reading.error, () => void this.load());
    if (!this.ps) return this.reading.waiting("Reading tasks…");
    if (this.rows.length === 0) return nothingToShow(this.ask, this.ps.remarks.join(" ") || "There are no tasks.");
    return html`${this.toolbar(this.ps)}
    ${this.shown.rows.length > 0 ? this.table.template() : nothingLeft(`No task matches “${this.filter}”.`, () => this.setFilter(""))}`;
  }

  private toolbar({ remarks }: Grid): TemplateResult {
    const isWrong = filterOf(this.filter, COLUMNS) === undefined;
    return html`<div class="toolbar">
      ${filterBox(this.filter, isWrong, (text) => this.setFilter(text))}
      <span role="group" aria-label="Arrange" class="choice">
        ${MODES.map(
          ([mode, title]) =>
            html`<button class="toggle" aria-pressed=${mode === this.mode} @click=${() => this.setMode(mode)}>
              ${title}
            </button>`,
        )}
      </span>
      <span class="count" role="status">${this.countText()}</span>
      ${this.stackStatus()} ${remarks.map((remark) => html`<span class="bad" title=${remark}>${remark}</span>`)}
    </div>`;
  }

  private countText(): string {
    const isWanted = filterOf(this.filter, COLUMNS) ?? (() => true);
    const [count, all] = [this.rows.filter(isWanted).length, this.rows.length];
    const tasks = count === all ? counted(all, "task") : `${count} of ${counted(all, "task")}`;
    if (this.mode !== "stacks" && this.mode !== "waits") return tasks;
    const groups = this.shown.keys.filter((key) => key !== "").length;
    return `${counted(groups, this.mode === "stacks" ? "stack" : "wait")}, ${tasks}`;
  }

  private stackStatus(): TemplateResult | typeof nothing {
    const [done, all] = [this.stacks.size, this.rows.length];
    if (this.isReadingStacks) {
      return html`<span class="count">Reading stacks: ${done} of ${all}</span>
        <button class="toggle" @click=${() => (this.isReadingStacks = false)}>Stop</button>`;
    }
    if (done >= all) return nothing;
    return html`<button class="toggle" @click=${() => void this.readStacks()}>Read ${all - done} More Stacks</button>`;
  }

  /** Returns the stack of the task in a row. */
  private async stackOf(row: number): Promise<unknown> {
    const task = taskOf(this.shown.rows[row] ?? []);
    if (!this.stacks.has(task)) {
      const answer = await unlessRefused(this.ask("stacks", { tasks: [task] }));
      for (const stack of answer?.stacks ?? []) this.stacks.set(stack.task, stack);
    }
    return this.stacks.has(task) ? stackList(this.stacks.get(task)) : undefined;
  }

  private setMode(mode: Mode): void {
    this.mode = mode;
    remember("tasks mode", mode);
    this.table.toTop();
    this.arrange();
  }

  private setFilter(text: string): void {
    this.filter = text;
    this.state.remember("filter tasks", text);
    this.table.toTop();
    this.arrange();
  }

  private sortBy(column: number): void {
    this.order = nextOrder(this.order, column, COLUMNS[column]);
    remember("order tasks", this.order);
    this.arrange();
  }

  private toggle(row: number): void {
    const key = this.shown.keys[row];
    if (this.shown.outline[row]?.open === undefined || key === undefined) return;
    const set = this.mode === "tree" ? this.closed : this.opened;
    if (!set.delete(key)) set.add(key);
    this.arrange();
  }
}
