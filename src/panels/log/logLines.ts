/** The kernel log as lines, and the reports (oopses, warnings, panics) in it. It does not use the DOM. */
import type { LogContext } from "../../log/context.ts";
import { factsOf, type ReportFacts } from "../../log/facts.ts";
import { KernelLog } from "../../log/kernelLog.ts";
import { recordLine } from "../../log/lines.ts";
import { type Summary, summaryOf } from "../../log/summary.ts";
import type { LogMessage } from "../../protocol/custom.ts";
import type { Grid } from "../../protocol/grid.ts";
import type { PageKeys } from "../../protocol/records.ts";
import { recordsOf } from "../memoryParts.ts";

export interface LogLine {
  readonly text: string;
  /** KERN_EMERG 0 to KERN_DEBUG 7 (include/linux/kern_levels.h); undefined where the kernel did not record one. */
  readonly level: number | undefined;
  /** Seconds since boot; undefined when unknown. */
  readonly seconds: number | undefined;
  /** "T169" for a thread, "C1" for a CPU; undefined when the kernel did not record it. */
  readonly caller: string | undefined;
  /** Whether the line continues the record of the line above. */
  readonly continues: boolean;
  /** The text is the reason why the line cannot be read. */
  readonly fault?: true;
  /**
   * The kind of explanation when this is not a line of the log: a report's meaning, a register's value, an instruction.
   */
  readonly aside?: "meaning" | "register" | "code" | "faulting";
}

/** A report of the kernel: an oops, a warning, a panic. */
export interface LogReport {
  readonly kind: "oops" | "warning" | "panic";
  readonly title: string;
  /** Index of its first line in the lines of the log. */
  readonly first: number;
  /** Index of the line after its last one. */
  readonly end: number;
  /** Index of the line with the panic message. Default: none. */
  readonly panic?: number | undefined;
  /** The summary that all user interfaces show. Default: none. */
  readonly summary?: Summary;
  /** The facts of the report, for a summary with data from the dump. Default: none. */
  readonly facts?: ReportFacts;
  /** Returns the summary with data from the dump. Default: absent. */
  readonly summaryWith?: (context: LogContext) => Summary;
}

/** Splits messages into lines; a message of several lines becomes as many lines. */
export function linesOf(messages: readonly LogMessage[]): LogLine[] {
  const lines: LogLine[] = [];
  for (const { text, time_ns, ...rest } of messages) {
    const shared = { ...rest, seconds: time_ns === undefined ? undefined : Number(time_ns) / 1e9 };
    for (const [i, one] of text.split("\n").entries()) lines.push({ ...shared, text: one, continues: i > 0 });
  }
  return lines;
}

const KINDS = { panic: "panic", error: "oops", warning: "warning", notice: "warning" } as const;

/** Returns the lines as a `KernelLog`. */
export const kernelLogOf = (lines: readonly LogLine[]): KernelLog =>
  KernelLog.ofLines(lines.map(({ text, seconds, caller, level }) => recordLine(text, seconds, caller, level)));

/** Returns the reports in the log, oldest first; a report within another is left out. */
export function reportsIn(lines: readonly LogLine[]): LogReport[] {
  const log = kernelLogOf(lines);
  const reports: LogReport[] = [];
  for (const report of [...log.reports].sort((a, b) => a.start - b.start)) {
    if (report.start < (reports.at(-1)?.end ?? 0)) continue;
    const summary = summaryOf(log, report);
    reports.push({
      kind: KINDS[summary.severity],
      title: summary.headline,
      first: report.start,
      end: report.tail,
      panic: report.panicLine,
      summary,
      facts: factsOf(log, report),
      summaryWith: (context) => summaryOf(log, report, context),
    });
  }
  return reports;
}

/**
 * Returns the zero of times relative to the panic, in seconds since boot: the panic, or the last oops, or the end of
 * the log; undefined if that line has no time.
 */
export function panicSeconds(lines: readonly LogLine[], reports: readonly LogReport[]): number | undefined {
  const report = zeroReport(reports);
  return lines[report ? (report.panic ?? report.first) : lines.length - 1]?.seconds;
}

/** Returns what the line of `panicSeconds` is: "the Panic", "the Last Oops" or "the End". */
export function zeroName(reports: readonly LogReport[]): string {
  const report = zeroReport(reports);
  return report ? (report.panic === undefined ? "the Last Oops" : "the Panic") : "the End";
}

const zeroReport = (reports: readonly LogReport[]): LogReport | undefined =>
  reports.findLast(({ panic }) => panic !== undefined) ?? reports.findLast(({ kind }) => kind === "oops");

export type TimeMode = "boot" | "wall" | "panic";

/**
 * Returns a message's time as text; empty when it is unknown. @param zero for "wall" seconds since the epoch at boot;
 * for "panic" seconds since boot at the panic
 */
export function timeText(seconds: number | undefined, mode: TimeMode, zero: number | undefined): string {
  if (seconds === undefined || (zero === undefined && mode !== "boot")) return "";
  if (mode === "boot") return seconds.toFixed(6);
  if (mode === "panic") {
    const relative = seconds - (zero ?? 0);
    return `${relative < 0 ? "" : "+"}${relative.toFixed(6)}`;
  }
  return new Date(((zero ?? 0) + Math.floor(seconds)) * 1000).toISOString().slice(0, 19).replace("T", " ");
}

/**
 * Returns when the kernel booted, in seconds since the epoch, from the output of `sys`. @returns undefined when the
 * dump has no time
 */
export function bootTime({ tables }: Grid): number | undefined {
  const [record] = tables.flatMap(recordsOf<PageKeys["sys"]>);
  const [date, uptime] = [record?.get("date"), record?.get("uptime_ns")];
  if (typeof date !== "number" || typeof uptime !== "string") return undefined;
  // The date of the crash has whole seconds, so fractions of the uptime carry no information.
  return date - Math.floor(Number(uptime) / 1e9);
}

/** A row of the page: the index of a line, or for the heading of a report the bitwise complement of the report's index. */
export type RowNumber = number;
export const headingOf = (report: number): RowNumber => ~report;
export const isHeading = (row: RowNumber): boolean => row < 0;
export const reportOf = (row: RowNumber): number => ~row;

/** Returns the row of the next or the previous heading; -1 if there is none. */
export const nextHeading = (rows: readonly RowNumber[], from: number, direction: 1 | -1): number =>
  direction > 0
    ? rows.findIndex((row, i) => i > from && isHeading(row))
    : rows.findLastIndex((row, i) => i < from && isHeading(row));

export interface LogSelection {
  /** Only lines of this level and more severe ones; lines without a level are always included. */
  readonly level: number;
  readonly pattern: RegExp | undefined;
  /** Whether a line is shown; undefined if no other filter is set. */
  readonly matches?: ((line: LogLine, index: number) => boolean) | undefined;
  /** Indexes of the folded reports. */
  readonly folded: ReadonlySet<number>;
  /** The rows that explain a line, by the index of that line. */
  readonly explanations?: ReadonlyMap<number, readonly RowNumber[]>;
}

/**
 * Returns the rows to show. With a search, a level or another filter, only lines are shown, without headings and
 * explanations.
 */
export function rowsToShow(
  lines: readonly LogLine[],
  reports: readonly LogReport[],
  { level, pattern, matches, folded, explanations }: LogSelection,
): RowNumber[] {
  const rows: RowNumber[] = [];
  const isPlain = pattern === undefined && matches === undefined && level >= 7;
  let next = 0;
  for (let i = 0; i < lines.length; i++) {
    const report = reports[next];
    if (isPlain && report?.first === i) {
      rows.push(headingOf(next));
      if (folded.has(next)) i = report.end - 1;
      next++;
      if (folded.has(next - 1)) continue;
    }
    const line = lines[i];
    const isShown =
      line &&
      (line.level ?? 0) <= level &&
      (pattern === undefined || pattern.test(line.text)) &&
      (matches === undefined || matches(line, i));
    if (isShown) rows.push(i);
    if (isPlain) rows.push(...(explanations?.get(i) ?? []));
  }
  return rows;
}
