import { html, nothing, render, type TemplateResult } from "lit-html";
import { repeat } from "lit-html/directives/repeat.js";
import type { PageAction } from "../protocol/panel.ts";
import type { Ask } from "./ask.ts";
import type { DumpState } from "./dumpState.ts";
import { recall, remember } from "./host.ts";
import { link } from "./links.ts";
import { callerContent, INLINED_INTO, plainLine, selectedPart, shortened, spanContent } from "./logSpans.ts";
import { arrowDown, arrowUp, chevron, collapseAll, expandAll, regularExpressionIcon } from "./icons.ts";
import { LogExplained } from "./logExplained.ts";
import {
  blockOf,
  bootTime,
  entriesOf,
  type Entry,
  isHeading,
  type LogLine,
  panicSeconds,
  type TimeMode,
  timeText,
} from "./logLines.ts";
import { LoadedLog } from "./logLoad.ts";
import { spansOf } from "./logText.ts";
import { cellText, regularExpression } from "./rows.ts";
import { counted, failure, handOut, nothingLeft, Reading, select, toSearchBox, type View } from "./view.ts";
import { clearSelection, selectAllRows, selectedRows, selectedText, whenUnselected } from "./selection.ts";
import { drawnRows, inSight, scrollFor } from "./windowing.ts";

/** panels.css says the same. */
const ROW_HEIGHT = 18;

/** By level, each with all that is worse. */
const LEVELS = [
  "Emergencies",
  "Alerts and worse",
  "Critical and worse",
  "Errors and worse",
  "Warnings and worse",
  "Notices and worse",
  "All but debug",
  "Everything",
];
const TIMES: readonly (readonly [TimeMode, string])[] = [
  ["boot", "Seconds since boot"],
  ["wall", "Wall clock (UTC)"],
  ["panic", "Relative to the panic"],
];

/** Pages of several sessions share the document, where ids must differ. */
let logs = 0;

/** The kernel log: coloured, searched, its reports folded, everything in it that the dump knows a link. */
export class LogView implements View {
  readonly element = document.createElement("section");
  private readonly number = ++logs;
  private readonly ask: Ask;
  private readonly log: LoadedLog;
  private readonly explained: LogExplained;
  private entries: readonly Entry[] = [];
  /** Until the oldest message is there, or nothing is. */
  private whole: Promise<void>;
  private readonly reading = new Reading(() => this.draw());
  private folded = new Set<number>();
  private explains = recall("log explain", true);
  private readonly state: DumpState;
  private search: string;
  private isExpression: boolean;
  private level: number;
  private time = recall<TimeMode>("log time", "boot");
  private zeros: { panic: number | undefined; wall: number | undefined } = { panic: undefined, wall: undefined };
  private hasCaller = false;
  private cursor = 0;

  constructor(ask: Ask, state: DumpState) {
    this.ask = ask;
    this.state = state;
    this.search = state.recall("log search", "");
    this.isExpression = state.recall("log expression", false);
    this.level = state.recall("log level", 7);
    this.log = new LoadedLog(ask);
    this.explained = new LogExplained(this.log, ask);
    this.element.className = "page log-page";
    new ResizeObserver(() => this.draw()).observe(this.element);
    this.whole = this.load();
  }

  show(): void {
    this.draw();
  }

  act(action: PageAction): void {
    if (action === "find") return toSearchBox(this.element);
    void this.whole.then(() => this.handOut(action));
  }

  private handOut(action: Exclude<PageAction, "find">): void {
    const text = this.entries.map((entry) => `${this.plainText(entry)}\n`).join("");
    handOut(this.ask, action, { text, name: "dmesg.txt", language: "kernel-log" });
  }

  private async load(): Promise<void> {
    const { log } = this;
    await this.reading.run(async () => {
      await log.readNewest();
      this.learn();
    });
    this.arrange();
    this.goToOops();
    if (!log.hasOlder) return;
    await log.readOlder(() => this.draw());
    this.join();
  }

  private learn(): void {
    const { lines, blocks } = this.log;
    this.zeros.panic = panicSeconds(lines, blocks);
    this.hasCaller = lines.some(({ caller }) => caller !== undefined);
    if (this.time === "wall") void this.learnWallTime();
  }

  /** The older lines go in front of the others, and what is in sight stays where it is. */
  private join(): void {
    const scroller = this.element.querySelector(".log");
    const atEnd = !scroller || scroller.scrollTop + scroller.clientHeight >= scroller.scrollHeight - 1;
    const before = this.entries.length;
    const { lines, blocks } = this.log.join();
    this.learn();
    this.folded = new Set([...this.folded].map((block) => block + blocks));
    this.explained.move(lines, blocks);
    this.arrange();
    const rows = this.entries.length - before;
    this.cursor = Math.max(0, this.cursor + rows);
    if (scroller) scroller.scrollTop += rows * ROW_HEIGHT;
    this.draw();
    // Whoever has begun to read, or to search, is left alone.
    if (blocks === this.log.blocks.length && atEnd && this.isPlain) this.goToOops();
  }

  /** The report that matters: the last oops, or else the last one. */
  private goToOops(): void {
    const oops = this.log.blocks.findLastIndex(({ kind }) => kind === "oops");
    if (this.log.blocks.length > 0) this.goToReport(oops < 0 ? this.log.blocks.length - 1 : oops, -1);
    else this.goTo(this.entries.length - 1);
  }

  /** The clock of the log counts from boot; `sys` knows when that was. */
  private async learnWallTime(): Promise<void> {
    if (this.zeros.wall !== undefined) return;
    const table = (await this.ask("run", { line: "sys" })).tables[0];
    const value = (name: string): string =>
      cellText(table?.rows[0]?.[table.columns.findIndex((column) => column.name === name)] ?? null);
    this.zeros.wall = bootTime(value("date"), value("uptime"));
    this.draw();
  }

  /** Nothing is searched, nothing left out. */
  private get isPlain(): boolean {
    return this.search === "" && this.level === 7;
  }

  private get pattern(): RegExp | undefined {
    if (this.search === "") return undefined;
    return regularExpression(this.isExpression ? this.search : this.search.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  }

  private arrange(): void {
    const { log, level, pattern, folded } = this;
    clearSelection(this.rows);
    const wanted = { level, pattern, folded, ...(this.explains ? { asides: this.explained.entries() } : {}) };
    this.entries = entriesOf(log.lines, log.blocks, wanted);
    this.cursor = Math.max(0, Math.min(this.cursor, this.entries.length - 1));
    this.draw();
  }

  /** Asks the dump what a report's registers, code and call traces stand for. */
  private async explain(block: number): Promise<void> {
    if (!this.explains || !(await this.explained.explain(block))) return;
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
    return html`${this.toolbar()} ${this.entries.length > 0 ? this.body() : this.nothingLeft()}`;
  }

  private nothingLeft(): TemplateResult {
    const searched = this.search === "" ? "" : ` with “${this.search}”`;
    const chosen = this.level === 7 ? "" : ` (level: ${LEVELS[this.level]?.toLowerCase()})`;
    const read = this.log.progress === "" ? "" : " in what is read so far";
    return nothingLeft(`No line${searched}${read}${chosen}.`, () => {
      this.set("search", "");
      this.set("level", 7);
    });
  }

  private toolbar(): TemplateResult {
    const isWrong = this.search !== "" && this.pattern === undefined;
    return html`<div class="toolbar">
      <input
        type="search"
        class=${isWrong ? "wrong" : ""}
        aria-label="Search the log"
        aria-invalid=${isWrong}
        placeholder="Search"
        .value=${this.search}
        @input=${({ target }: InputEvent) => this.set("search", (target as HTMLInputElement).value)}
      />
      <button
        class="toggle"
        aria-pressed=${this.isExpression}
        aria-label="Use Regular Expression"
        title="Use Regular Expression"
        @click=${() => this.set("expression", !this.isExpression)}
      >
        ${regularExpressionIcon}
      </button>
      ${select("Level", LEVELS, this.level, (index) => this.set("level", index))}
      ${select(
        "Time",
        TIMES.map(([, title]) => title),
        TIMES.findIndex(([mode]) => mode === this.time),
        (index) => this.set("time", TIMES[index]?.[0] ?? "boot"),
      )}
      <span class="count" role="status">${counted(this.entries.length, this.isPlain ? "line" : "hit")}</span>
      ${this.log.progress === "" ? nothing : html`<span class="progress" role="status">${this.log.progress}</span>`}
      ${this.reportButtons()}
    </div>`;
  }

  private reportButtons(): TemplateResult | typeof nothing {
    if (this.log.blocks.length === 0) return nothing;
    const reports = this.log.blocks.length === 1 ? "1 report" : `${this.log.blocks.length} reports`;
    return html`<span class="reports">
      <span class="count">${reports}</span>
      <button
        class="toggle"
        aria-pressed=${this.explains}
        title="Explain Registers and Code of Reports"
        @click=${() => this.setExplains(!this.explains)}
      >
        Explain
      </button>
      <button class="toggle" title="Previous Report" aria-label="Previous Report" @click=${() => this.step(-1)}>
        ${arrowUp}
      </button>
      <button class="toggle" title="Next Report" aria-label="Next Report" @click=${() => this.step(1)}>
        ${arrowDown}
      </button>
      <button class="toggle" title="Fold All Reports" aria-label="Fold All Reports" @click=${() => this.foldAll()}>
        ${this.folded.size === this.log.blocks.length ? expandAll : collapseAll}
      </button>
    </span>`;
  }

  private body(): TemplateResult {
    const scroller = this.element.querySelector(".log");
    const height = scroller?.clientHeight ?? this.element.clientHeight;
    const count = this.entries.length;
    // What is selected stays so when its ends are scrolled out of sight.
    const selected = selectedRows(this.rows, count);
    const kept = selected ? [selected.first, selected.last] : [];
    const drawn = drawnRows(inSight(scroller?.scrollTop ?? 0, height, ROW_HEIGHT, count), kept);
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
      <div class="body" role="presentation" .style=${`height: ${count * ROW_HEIGHT}px; --time: ${this.timeWidth}ch`}>
        ${repeat(
          drawn,
          (index) => index,
          (index) => this.row(this.entries[index] ?? 0, index),
        )}
      </div>
    </div>`;
  }

  private row(entry: Entry, index: number): TemplateResult {
    const isAt = index === this.cursor;
    const [kind, content] = isHeading(entry) ? this.heading(blockOf(entry)) : this.line(entry);
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

  private heading(index: number): readonly [string, TemplateResult] {
    const block = this.log.blocks[index];
    const isFolded = this.folded.has(index);
    const count = block ? block.end - block.first : 0;
    // prettier-ignore
    return [
      `heading ${block?.kind ?? ""}`,
      html`<span class="twistie">${chevron(!isFolded)}</span>${block?.title ?? ""} <span class="count">${count} lines</span>`,
    ];
  }

  private line(number: number): readonly [string, TemplateResult] {
    const line = this.explained.lineOf(number);
    if (!line) return ["", html``];
    const time = line.continues ? "" : this.timeOf(line);
    const caller = this.hasCaller ? (line.continues ? "" : callerContent(line.caller ?? "")) : undefined;
    const sources = this.explains ? this.explained.sourcesOf(number) : [];
    const { pattern } = this;
    // prettier-ignore
    return [
      line.fault ? "fault" : line.aside === undefined ? `level${line.level ?? 6}` : `aside ${line.aside}`,
      html`<span class="time">${time}</span>${caller === undefined ? nothing : html`<span class="caller">${caller}</span>`}<span class="text">${spansOf(line.text).map((span) => spanContent(span, pattern))}</span>${sources.length === 0 ? nothing : html`<span class="source">${sources.map((source, i) => html`${i === 0 ? nothing : INLINED_INTO}${link(shortened(source), source, "source")}`)}</span>`}`,
    ];
  }

  private setExplains(value: boolean): void {
    this.explains = value;
    remember("log explain", value);
    this.arrange();
    const block = this.log.blocks.findLastIndex(({ kind }) => kind === "oops");
    if (value) void this.explain(block < 0 ? this.log.blocks.length - 1 : block);
  }

  /** Characters of the longest time: times grow, but for those that count down to the panic. */
  private get timeWidth(): number {
    const { lines } = this.log;
    return Math.max(0, ...[lines[0], lines.at(-1)].map((line) => (line ? this.timeOf(line).length : 0)));
  }

  private timeOf({ seconds }: LogLine): string {
    return timeText(seconds, this.time, this.time === "wall" ? this.zeros.wall : this.zeros.panic);
  }

  private plainText(entry: Entry): string {
    if (isHeading(entry)) {
      const block = this.log.blocks[blockOf(entry)];
      return this.folded.has(blockOf(entry)) ? `... ${block?.title ?? ""}` : "";
    }
    const line = this.explained.lineOf(entry);
    if (line?.aside !== undefined) return `    ${line.text}`;
    if (!line) return "";
    return plainLine(this.timeOf(line), this.hasCaller ? (line.caller ?? "") : undefined, line.text);
  }

  private get rows(): Element | null {
    return this.element.querySelector(".log .body");
  }

  /** What is selected with the mouse, by lines as dmesg has them. */
  private get selectedText(): string | undefined {
    const { rows } = this;
    if (!rows) return undefined;
    const row = (index: number): string | undefined => {
      const entry = this.entries[index] ?? 0;
      // The heading of a report repeats its first line, unless that is folded away.
      if (isHeading(entry) && !this.folded.has(blockOf(entry))) return undefined;
      const sources = this.explains && !isHeading(entry) ? this.explained.sourcesOf(entry) : [];
      return [this.plainText(entry), ...(sources.length > 0 ? [sources.map(shortened).join(INLINED_INTO)] : [])].join(
        " ",
      );
    };
    return selectedText({ body: rows, count: this.entries.length, row, part: selectedPart });
  }

  /** By the menu of the editor or of the browser. */
  private onCopy(event: ClipboardEvent): void {
    const text = this.selectedText;
    if (text === undefined) return;
    event.clipboardData?.setData("text/plain", text);
    event.preventDefault();
  }

  private set(what: "search", value: string): void;
  private set(what: "expression", value: boolean): void;
  private set(what: "level", value: number): void;
  private set(what: "time", value: TimeMode): void;
  private set(what: string, value: unknown): void {
    if (what === "time") remember(`log ${what}`, value);
    else this.state.remember(`log ${what}`, value);
    if (what === "search") this.search = value as string;
    if (what === "expression") this.isExpression = value as boolean;
    if (what === "level") this.level = value as number;
    if (what === "time") this.time = value as TimeMode;
    if (this.time === "wall") void this.learnWallTime();
    if (what !== "time") this.element.querySelector(".log")?.scrollTo({ top: 0 });
    this.arrange();
  }

  private step(direction: 1 | -1): void {
    if (!this.isPlain) {
      this.search = "";
      this.level = 7;
      this.arrange();
    }
    this.goToReport(undefined, direction);
  }

  /** Brings a report's heading to the top: a given one, or the next from the cursor on. */
  private goToReport(block: number | undefined, direction: 1 | -1): void {
    const from = this.cursor;
    const at =
      block !== undefined
        ? this.entries.indexOf(~block)
        : direction > 0
          ? this.entries.findIndex((entry, i) => i > from && isHeading(entry))
          : this.entries.findLastIndex((entry, i) => i < from && isHeading(entry));
    if (at < 0) return;
    void this.explain(blockOf(this.entries[at] ?? 0));
    this.goTo(at);
  }

  /** Brings a row to the top, and the cursor on it. */
  private goTo(row: number): void {
    this.cursor = Math.max(0, row);
    const scroller = this.element.querySelector(".log");
    if (scroller) scroller.scrollTop = row * ROW_HEIGHT;
    this.draw();
  }

  private foldAll(): void {
    const isFolded = this.folded.size === this.log.blocks.length;
    this.folded.clear();
    if (!isFolded) for (const i of this.log.blocks.keys()) this.folded.add(i);
    this.arrange();
  }

  private toggle(entry: Entry | undefined): void {
    if (entry === undefined || !isHeading(entry)) return;
    if (!this.folded.delete(blockOf(entry))) this.folded.add(blockOf(entry));
    this.arrange();
  }

  private onClick({ target }: MouseEvent): void {
    const row = (target as Element).closest<HTMLElement>("[data-row]")?.dataset.row;
    if (row === undefined) return;
    this.cursor = Number(row);
    // The end of a selection is no click on what it ends in.
    if (getSelection()?.isCollapsed !== false) this.toggle(this.entries[this.cursor]);
    this.draw();
  }

  private onKey(event: KeyboardEvent): void {
    const entry = this.entries[this.cursor];
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      return this.toggle(entry);
    }
    const key = event.ctrlKey || event.metaKey ? event.key.toLowerCase() : "";
    if (key === "a" || key === "c") {
      event.preventDefault();
      // VS Code would select all of the page.
      event.stopPropagation();
      if (key === "a") return this.rows ? selectAllRows(this.rows) : undefined;
      const text = this.selectedText ?? (entry === undefined ? "" : this.plainText(entry));
      return void this.ask("copy", { text });
    }
    const page = Math.floor((this.element.querySelector(".log")?.clientHeight ?? 0) / ROW_HEIGHT) - 1;
    const far = this.entries.length;
    const step = { ArrowUp: -1, ArrowDown: 1, PageUp: -page, PageDown: page, Home: -far, End: far }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    this.cursor = Math.max(0, Math.min(this.entries.length - 1, this.cursor + step));
    const scroller = this.element.querySelector(".log");
    if (scroller) scroller.scrollTop = scrollFor(this.cursor, scroller.scrollTop, scroller.clientHeight, ROW_HEIGHT);
    this.draw();
  }
}
