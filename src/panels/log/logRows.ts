/** The rows of a log: lines, their explanations, and the headings of reports, as templates and as text. */
import { html, nothing, type TemplateResult } from "lit-html";
import { recall, remember } from "../host.ts";
import { chevron } from "../icons.ts";
import { link } from "../links.ts";
import { factsOfLines, type LineFacts } from "./logChips.ts";
import type { LogClock } from "./logClock.ts";
import type { LogExplained } from "./logExplained.ts";
import { reportOf, type RowNumber, isHeading } from "./logLines.ts";
import type { LoadedLog } from "./logLoad.ts";
import { selectedText } from "../selection.ts";
import { callerContent, INLINED_INTO, plainLine, selectedPart, shortened, spanContent } from "./logSpans.ts";
import { spansOf } from "./logText.ts";
import { counted } from "../view.ts";

export class LogRows {
  private readonly log: LoadedLog;
  private readonly explained: LogExplained;
  private readonly clock: LogClock;
  private hasCaller = false;
  private knownFacts: readonly LineFacts[] | undefined;
  /** Numbers of the reports of which only the heading is shown. */
  folded = new Set<number>();
  /** Whether reports are shown with explanations. */
  explains = recall("log explain", true);

  constructor(log: LoadedLog, explained: LogExplained, clock: LogClock) {
    this.log = log;
    this.explained = explained;
    this.clock = clock;
  }

  /** Updates the columns after more of the log was read. */
  learn(): void {
    this.clock.learn(this.log);
    this.knownFacts = undefined;
    this.hasCaller = this.log.lines.some(({ caller }) => caller !== undefined);
  }

  /** The line of a row, of a heading the first of its report; undefined for an explanation. */
  readonly lineOf = (entry: RowNumber): number | undefined =>
    isHeading(entry) ? this.log.reports[reportOf(entry)]?.first : entry < this.log.lines.length ? entry : undefined;

  /** The time of a row's line in seconds since boot; undefined if it has none. */
  readonly secondsOf = (entry: RowNumber): number | undefined => this.log.lines[this.lineOf(entry) ?? -1]?.seconds;

  /** The CPU, task and subsystem of each line. They are computed when a filter needs them. */
  get facts(): readonly LineFacts[] {
    return (this.knownFacts ??= factsOfLines(this.log.lines, this.log.reports));
  }

  setExplains(value: boolean): void {
    this.explains = value;
    remember("log explain", value);
  }

  /** Returns the number of log lines among the rows as text; headings and explanations do not count. */
  counted(entries: readonly RowNumber[], isPlain: boolean): string {
    const own = entries.filter((entry) => !isHeading(entry) && entry < this.log.lines.length).length;
    return counted(own, isPlain ? "line" : "hit");
  }

  /** Number of the last oops, or of the last report when there is no oops. */
  get lastOops(): number {
    const { reports } = this.log;
    const oops = reports.findLastIndex(({ kind }) => kind === "oops");
    return oops < 0 ? reports.length - 1 : oops;
  }

  get areAllFolded(): boolean {
    return this.folded.size === this.log.reports.length;
  }

  /** Folds all reports, or unfolds them when all are folded. */
  foldAll(): void {
    this.folded = this.areAllFolded ? new Set() : new Set(this.log.reports.keys());
  }

  /** Folds or unfolds the report of a heading. Returns false for another row. */
  toggle(entry: RowNumber | undefined): boolean {
    if (entry === undefined || !isHeading(entry)) return false;
    if (!this.folded.delete(reportOf(entry))) this.folded.add(reportOf(entry));
    return true;
  }

  /** Unfolds the report that contains a line. Returns its number; undefined for a line in none. */
  unfold(line: number): number | undefined {
    const reportIndex = this.log.reports.findIndex(({ first, end }) => line >= first && line < end);
    this.folded.delete(reportIndex);
    return reportIndex < 0 ? undefined : reportIndex;
  }

  /** Returns a row's classes and content. */
  template(entry: RowNumber, pattern: RegExp | undefined): readonly [string, TemplateResult] {
    return isHeading(entry) ? this.heading(reportOf(entry)) : this.line(entry, pattern);
  }

  private heading(index: number): readonly [string, TemplateResult] {
    const report = this.log.reports[index];
    const isFolded = this.folded.has(index);
    const count = report ? report.end - report.first : 0;
    // prettier-ignore
    return [
      `heading ${report?.kind ?? ""}`,
      html`<span class="twistie">${chevron(!isFolded)}</span>${report?.title ?? ""} <span class="count">${count} lines</span>`,
    ];
  }

  private line(number: number, pattern: RegExp | undefined): readonly [string, TemplateResult] {
    const line = this.explained.lineOf(number);
    if (!line) return ["", html``];
    const time = line.continues ? "" : this.clock.text(line);
    const caller = this.hasCaller ? (line.continues ? "" : callerContent(line.caller ?? "")) : undefined;
    const sources = this.explains ? this.explained.sourcesOf(number) : [];
    // prettier-ignore
    return [
      line.fault ? "fault" : line.aside === undefined ? `level${line.level ?? 6}` : `aside ${line.aside}`,
      html`<span class="time">${time}</span>${caller === undefined ? nothing : html`<span class="caller">${caller}</span>`}<span class="text">${spansOf(line.text).map((span) => spanContent(span, pattern))}</span>${sources.length === 0 ? nothing : html`<span class="source">${sources.map((source, i) => html`${i === 0 ? nothing : INLINED_INTO}${link(shortened(source), source, "source")}`)}</span>`}`,
    ];
  }

  /** Returns a row in the format of dmesg. */
  text(entry: RowNumber): string {
    if (isHeading(entry)) {
      const report = this.log.reports[reportOf(entry)];
      return this.folded.has(reportOf(entry)) ? `... ${report?.title ?? ""}` : "";
    }
    const line = this.explained.lineOf(entry);
    if (line?.aside !== undefined) return `    ${line.text}`;
    if (!line) return "";
    return plainLine(this.clock.text(line), this.hasCaller ? (line.caller ?? "") : undefined, line.text);
  }

  /**
   * Returns a row as text with its sources. Undefined for the heading of an unfolded report, because its first line
   * repeats the heading.
   */
  textWithSources(entry: RowNumber): string | undefined {
    if (isHeading(entry) && !this.folded.has(reportOf(entry))) return undefined;
    const sources = this.explains && !isHeading(entry) ? this.explained.sourcesOf(entry) : [];
    return [this.text(entry), ...(sources.length > 0 ? [sources.map(shortened).join(INLINED_INTO)] : [])].join(" ");
  }

  /** Returns the text selected with the mouse, with its lines in the format of dmesg; undefined if none is selected. */
  selected(body: Element | null, entries: readonly RowNumber[]): string | undefined {
    if (!body) return undefined;
    const row = (index: number): string | undefined => this.textWithSources(entries[index] ?? 0);
    return selectedText({ body, count: entries.length, row, part: selectedPart });
  }
}
