/** The page of the kernel log. */
import { html, nothing, render, type TemplateResult } from "lit-html";
import { repeat } from "lit-html/directives/repeat.js";
import type { PageAction } from "../../protocol/panel.ts";
import type { Ask } from "../ask.ts";
import type { DumpState } from "../dumpState.ts";
import { clearSelection, selectAllRows, selectedRows, whenUnselected } from "../selection.ts";
import { failure, exportText, Reading, toSearchBox, type View } from "../view.ts";
import { drawnRows, rowsToDraw } from "../windowing.ts";
import { chipTest } from "./logChips.ts";
import { LogClock } from "./logClock.ts";
import { LogExplained } from "./logExplained.ts";
import { LogFilter } from "./logFilter.ts";
import { nextHeading, reportOf, rowsToShow, type RowNumber } from "./logLines.ts";
import { LoadedLog } from "./logLoad.ts";
import { LogMinimap } from "./logMinimap.ts";
import { openFilterMenu, openLineMenu } from "./logMenu.ts";
import { type Anchor, LogPlace, ROW_HEIGHT } from "./logPlace.ts";
import { reportButtons } from "./logReports.ts";
import { LogRows } from "./logRows.ts";

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
  private readonly minimap: LogMinimap;
  private readonly place = new LogPlace(this.element, () => this.draw());
  /** The line that stays where it is when the filter changes. */
  private anchor: Anchor | undefined;

  constructor(ask: Ask, state: DumpState) {
    this.ask = ask;
    this.log = new LoadedLog(ask);
    this.explained = new LogExplained(this.log, ask);
    this.filter = new LogFilter(state, () => this.arrangeAnew());
    this.clock = new LogClock(ask, () => this.draw());
    this.lines = new LogRows(this.log, this.explained, this.clock);
    this.minimap = new LogMinimap(this.place, this.lines, this.clock);
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

  /** Shows the rows of another filter. The line in sight stays in its place, or the next one that is shown. */
  private arrangeAnew(): void {
    this.anchor = this.place.anchor(this.entries, this.lines.lineOf) ?? this.anchor;
    this.arrange();
    if (this.anchor && this.entries.length > 0) this.place.restore(this.anchor, this.entries, this.lines.lineOf);
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
    const { scroller } = this.place;
    const isAtEnd = !scroller || scroller.scrollTop + scroller.clientHeight >= scroller.scrollHeight - 1;
    const before = this.entries.length;
    const { lines, reports } = this.log.join();
    this.lines.learn();
    this.lines.folded = new Set([...this.lines.folded].map((reportIndex) => reportIndex + reports));
    this.explained.move(lines, reports);
    this.arrange();
    const rows = this.entries.length - before;
    this.place.cursor = Math.max(0, this.place.cursor + rows);
    if (scroller) scroller.scrollTop += rows * ROW_HEIGHT;
    this.draw();
    // Go to the oops only if the user has not yet scrolled away from the end or started a search.
    if (reports === this.log.reports.length && isAtEnd && this.filter.isPlain) this.goToOops();
  }

  private goToOops(): void {
    if (this.log.reports.length > 0) this.goToReport(this.lines.lastOops, -1);
    else this.place.goTo(this.entries.length - 1);
  }

  private arrange(): void {
    const { lines, reports } = this.log;
    const { level, pattern, chips } = this.filter;
    const matches = chips.length === 0 ? undefined : chipTest(chips, this.lines.facts);
    const { folded, explains } = this.lines;
    clearSelection(this.rows);
    const explanations = explains ? { explanations: this.explained.entries() } : {};
    this.entries = rowsToShow(lines, reports, { level, pattern, matches, folded, ...explanations });
    this.place.limit(this.entries.length);
    this.minimap.learn(lines, this.entries);
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
    return html`${this.toolbar()} ${this.minimap.template()}
    ${this.entries.length > 0 ? this.body() : this.filter.nothingLeft(this.log.progress === "")}`;
  }

  private toolbar(): TemplateResult {
    return html`<div class="toolbar">
      ${this.filter.controls((event) => openFilterMenu(event, this.lines.facts, this.clock.end, this.filter))}
      ${this.clock.control()}
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
    const { scroller } = this.place;
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
      aria-activedescendant=${`log-${this.number}-${this.place.cursor}`}
      @scroll=${() => requestAnimationFrame(() => this.draw())}
      @keydown=${(event: KeyboardEvent) => this.onKey(event)}
      @copy=${(event: ClipboardEvent) => this.onCopy(event)}
      @click=${(event: MouseEvent) => this.onClick(event)}
      @contextmenu=${(event: MouseEvent) => this.onMenu(event)}
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
    const isAt = index === this.place.cursor;
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
    this.place.goTo(this.entries.indexOf(line), LINES_ABOVE);
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

  /** Clears the filter. */
  private showAll(): void {
    if (this.filter.isPlain) return;
    this.filter.clear();
    this.arrange();
  }

  /** Scrolls a report's heading to the top: the given report, or the next from the cursor in the given direction. */
  private goToReport(reportIndex: number | undefined, direction: 1 | -1): void {
    const from = this.place.cursor;
    const at =
      reportIndex === undefined ? nextHeading(this.entries, from, direction) : this.entries.indexOf(~reportIndex);
    if (at < 0) return;
    this.explaining = this.explain(reportOf(this.entries[at] ?? 0));
    this.place.goTo(at);
  }

  private onMenu(event: MouseEvent): void {
    const { element: page, place, entries, log, lines, filter, ask } = this;
    const around = (line: number): void => void this.goToLine(log.lines.length - line);
    openLineMenu(event, { page, place, entries, log, lines, filter, ask, around });
    this.draw();
  }

  private onClick({ target }: MouseEvent): void {
    const row = (target as Element).closest<HTMLElement>("[data-row]")?.dataset.row;
    if (row === undefined) return;
    this.place.cursor = Number(row);
    // A click that ends a selection does not fold a report.
    if (getSelection()?.isCollapsed !== false && this.lines.toggle(this.entries[this.place.cursor])) this.arrange();
    this.draw();
  }

  private onKey(event: KeyboardEvent): void {
    const entry = this.entries[this.place.cursor];
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
    if (this.place.move(event.key, this.entries.length)) event.preventDefault();
  }
}
