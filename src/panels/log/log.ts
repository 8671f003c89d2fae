/** The page of the kernel log. */
import { html, nothing, render, type TemplateResult } from "lit-html";
import { repeat } from "lit-html/directives/repeat.js";
import type { PageAction } from "../../protocol/panel.ts";
import type { Ask } from "../ask.ts";
import type { DumpState } from "../dumpState.ts";
import { clearSelection, selectAllRows, selectedRows, whenUnselected } from "../selection.ts";
import { failure, exportText, Reading, toSearchBox, type View } from "../view.ts";
import { drawnRows, rowsToDraw, rowStep, scrollFor } from "../windowing.ts";
import { LogClock } from "./logClock.ts";
import { LogExplained } from "./logExplained.ts";
import { LogFilter } from "./logFilter.ts";
import { reportOf, rowsToShow, type RowNumber, isHeading } from "./logLines.ts";
import { LoadedLog } from "./logLoad.ts";
import { reportButtons } from "./logReports.ts";
import { LogRows } from "./logRows.ts";

/** The height of a row in pixels; panels.css has the same value. */
const ROW_HEIGHT = 18;

/** Number of rows above a line that a link led to. */
const LINES_ABOVE = 3;

/** The number of log pages so far. Pages of several sessions share the document, and their element ids must differ. */
let logs = 0;

/** The kernel log: coloured and searchable, with foldable reports; addresses that the dump resolves are links. */
export class LogView implements View {
  readonly element = document.createElement("section");
  private readonly number = ++logs;
  private readonly ask: Ask;
  private readonly log: LoadedLog;
  private readonly explained: LogExplained;
  private entries: readonly RowNumber[] = [];
  /** Resolves when the log is read up to its oldest message, or reading has failed. */
  private whole: Promise<void>;
  private explaining = Promise.resolve();
  private readonly reading = new Reading(() => this.draw());
  private readonly filter: LogFilter;
  private readonly clock: LogClock;
  private readonly lines: LogRows;
  private cursor = 0;

  constructor(ask: Ask, state: DumpState) {
    this.ask = ask;
    this.log = new LoadedLog(ask);
    this.explained = new LogExplained(this.log, ask);
    this.filter = new LogFilter(state, () => {
      this.element.querySelector(".log")?.scrollTo({ top: 0 });
      this.arrange();
    });
    this.clock = new LogClock(ask, () => this.draw());
    this.lines = new LogRows(this.log, this.explained, this.clock);
    this.element.className = "page log-page";
    new ResizeObserver(() => this.draw()).observe(this.element);
    this.whole = this.load();
  }

  show(): void {
    this.draw();
  }

  act(action: PageAction): void {
    if (action === "find") return toSearchBox(this.element);
    void this.whole.then(() => {
      const text = this.entries.map((entry) => `${this.lines.text(entry)}\n`).join("");
      exportText(this.ask, action, { text, name: "dmesg.txt", language: "kernel-log" });
    });
  }

  private async load(): Promise<void> {
    await this.reading.run(async () => {
      await this.log.readNewest();
      this.lines.learn();
    });
    this.arrange();
    this.goToOops();
    if (!this.log.hasOlder) return;
    await this.log.readOlder(() => this.draw());
    this.join();
  }

  /** Puts the older lines before the newer ones; the visible rows stay where they are. */
  private join(): void {
    const scroller = this.element.querySelector(".log");
    const isAtEnd = !scroller || scroller.scrollTop + scroller.clientHeight >= scroller.scrollHeight - 1;
    const before = this.entries.length;
    const { lines, reports } = this.log.join();
    this.lines.learn();
    this.lines.folded = new Set([...this.lines.folded].map((reportIndex) => reportIndex + reports));
    this.explained.move(lines, reports);
    this.arrange();
    const rows = this.entries.length - before;
    this.cursor = Math.max(0, this.cursor + rows);
    if (scroller) scroller.scrollTop += rows * ROW_HEIGHT;
    this.draw();
    // Go to the oops only if the user has not yet scrolled away from the end or started a search.
    if (reports === this.log.reports.length && isAtEnd && this.filter.isPlain) this.goToOops();
  }

  private goToOops(): void {
    if (this.log.reports.length > 0) this.goToReport(this.lines.lastOops, -1);
    else this.goTo(this.entries.length - 1);
  }

  private arrange(): void {
    const { lines, reports } = this.log;
    const { level, pattern } = this.filter;
    const { folded, explains } = this.lines;
    clearSelection(this.rows);
    const explanations = explains ? { explanations: this.explained.entries() } : {};
    this.entries = rowsToShow(lines, reports, { level, pattern, folded, ...explanations });
    this.cursor = Math.max(0, Math.min(this.cursor, this.entries.length - 1));
    this.draw();
  }

  /** Resolves the registers, code and call traces of a report through the dump and shows the result. */
  private async explain(reportIndex: number): Promise<void> {
    if (!this.lines.explains || !(await this.explained.explain(reportIndex))) return;
    await whenUnselected(() => this.rows);
    this.arrange();
  }

  private draw(): void {
    render(this.content(), this.element);
  }

  private content(): TemplateResult | typeof nothing {
    if (this.reading.error !== undefined) return failure(this.reading.error, () => void (this.whole = this.load()));
    if (!this.log.isRead) return this.reading.waiting("Reading the kernel log…");
    if (this.log.lines.length === 0) return html`<p class="state">${this.log.progress || "The log is empty."}</p>`;
    return html`${this.toolbar()}
    ${this.entries.length > 0 ? this.body() : this.filter.nothingLeft(this.log.progress === "")}`;
  }

  private toolbar(): TemplateResult {
    return html`<div class="toolbar">
      ${this.filter.controls()} ${this.clock.control()}
      <span class="count" role="status">${this.lines.counted(this.entries, this.filter.isPlain)}</span>
      ${this.log.progress === "" ? nothing : html`<span class="progress" role="status">${this.log.progress}</span>`}
      ${reportButtons(this.log.reports.length, this.lines, {
        explain: () => this.setExplains(!this.lines.explains),
        step: (direction) => this.step(direction),
        foldAll: () => {
          this.lines.foldAll();
          this.arrange();
        },
      })}
    </div>`;
  }

  private body(): TemplateResult {
    const scroller = this.element.querySelector(".log");
    const { length: count } = this.entries;
    const height = scroller?.clientHeight ?? this.element.clientHeight;
    // Draw the rows at the ends of the selection even out of sight, so that the selection persists.
    const selected = selectedRows(this.rows, count);
    const kept = selected ? [selected.first, selected.last] : [];
    const drawn = drawnRows(rowsToDraw(scroller?.scrollTop ?? 0, height, ROW_HEIGHT, count), kept);
    return html`<div
      class="log"
      role="listbox"
      tabindex="0"
      aria-label="Kernel log"
      aria-activedescendant=${`log-${this.number}-${this.cursor}`}
      @scroll=${() => requestAnimationFrame(() => this.draw())}
      @keydown=${(event: KeyboardEvent) => this.onKey(event)}
      @copy=${(event: ClipboardEvent) => this.onCopy(event)}
      @click=${(event: MouseEvent) => this.onClick(event)}
    >
      <div
        class="body"
        role="presentation"
        .style=${`height: ${count * ROW_HEIGHT}px; --time: ${this.clock.width(this.log)}ch`}
      >
        ${repeat(
          drawn,
          (index) => index,
          (index) => this.row(this.entries[index] ?? 0, index),
        )}
      </div>
    </div>`;
  }

  private row(entry: RowNumber, index: number): TemplateResult {
    const isAt = index === this.cursor;
    const [kind, content] = this.lines.template(entry, this.filter.pattern);
    // prettier-ignore
    return html`<div
      id=${`log-${this.number}-${index}`}
      class=${`line ${kind} ${isAt ? "at" : ""}`}
      role="option"
      aria-selected=${isAt}
      aria-setsize=${this.entries.length}
      aria-posinset=${index + 1}
      data-row=${index}
      .style=${`transform: translateY(${index * ROW_HEIGHT}px)`}
    >${content}</div>`;
  }

  async goToLine(fromEnd: number): Promise<void> {
    if (this.log.lines.length < fromEnd) await this.whole;
    const line = this.log.lines.length - fromEnd;
    this.showAll();
    const reportIndex = this.lines.unfold(line);
    // Explanations add rows above the line.
    await this.explaining;
    if (reportIndex !== undefined) await this.explain(reportIndex);
    this.arrange();
    this.goTo(this.entries.indexOf(line), LINES_ABOVE);
    this.element.querySelector<HTMLElement>(".log")?.focus();
  }

  private setExplains(value: boolean): void {
    this.lines.setExplains(value);
    this.arrange();
    if (value) void this.explain(this.lines.lastOops);
  }

  private get rows(): Element | null {
    return this.element.querySelector(".log .body");
  }

  /** Handles the copy command of the menu of the editor or the browser. */
  private onCopy(event: ClipboardEvent): void {
    const text = this.lines.selected(this.rows, this.entries);
    if (text === undefined) return;
    event.clipboardData?.setData("text/plain", text);
    event.preventDefault();
  }

  private step(direction: 1 | -1): void {
    this.showAll();
    this.goToReport(undefined, direction);
  }

  /** Clears the search and the level. */
  private showAll(): void {
    if (this.filter.isPlain) return;
    this.filter.clear();
    this.arrange();
  }

  /** Scrolls a report's heading to the top: the given report, or the next from the cursor in the given direction. */
  private goToReport(reportIndex: number | undefined, direction: 1 | -1): void {
    const from = this.cursor;
    const at =
      reportIndex !== undefined
        ? this.entries.indexOf(~reportIndex)
        : direction > 0
          ? this.entries.findIndex((entry, i) => i > from && isHeading(entry))
          : this.entries.findLastIndex((entry, i) => i < from && isHeading(entry));
    if (at < 0) return;
    this.explaining = this.explain(reportOf(this.entries[at] ?? 0));
    this.goTo(at);
  }

  /** Scrolls a row to the top and puts the cursor on it. @param above number of rows before it that stay visible */
  private goTo(row: number, above = 0): void {
    this.cursor = Math.max(0, row);
    const scroller = this.element.querySelector(".log");
    if (scroller) scroller.scrollTop = (row - above) * ROW_HEIGHT;
    this.draw();
  }

  private onClick({ target }: MouseEvent): void {
    const row = (target as Element).closest<HTMLElement>("[data-row]")?.dataset.row;
    if (row === undefined) return;
    this.cursor = Number(row);
    // A click that ends a selection does not fold a report.
    if (getSelection()?.isCollapsed !== false && this.lines.toggle(this.entries[this.cursor])) this.arrange();
    this.draw();
  }

  private onKey(event: KeyboardEvent): void {
    const entry = this.entries[this.cursor];
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      return this.lines.toggle(entry) ? this.arrange() : undefined;
    }
    const key = event.ctrlKey || event.metaKey ? event.key.toLowerCase() : "";
    if (key === "a" || key === "c") {
      event.preventDefault();
      // VS Code would select the whole page.
      event.stopPropagation();
      if (key === "a") return this.rows ? selectAllRows(this.rows) : undefined;
      const text = this.lines.selected(this.rows, this.entries) ?? (entry === undefined ? "" : this.lines.text(entry));
      return void this.ask("copy", { text });
    }
    const scroller = this.element.querySelector(".log");
    const step = rowStep(event.key, Math.floor((scroller?.clientHeight ?? 0) / ROW_HEIGHT) - 1);
    if (step === undefined) return;
    event.preventDefault();
    this.cursor = Math.max(0, Math.min(this.entries.length - 1, this.cursor + step));
    if (scroller) scroller.scrollTop = scrollFor(this.cursor, scroller.scrollTop, scroller.clientHeight, ROW_HEIGHT);
    this.draw();
  }
}
