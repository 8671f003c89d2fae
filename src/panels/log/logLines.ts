import type { LogContext } from "../../log/context.ts";
import { factsOf, type ReportFacts } from "../../log/facts.ts";
import { KernelLog } from "../../log/kernelLog.ts";
import { recordLine } from "../../log/lines.ts";
import { type Summary, summaryOf } from "../../log/summary.ts";
import type { LogMessage } from "../../protocol/custom.ts";
import type { Grid } from "../../protocol/grid.ts";
import type { PanelKeys } from "../../protocol/records.ts";
import { recordsOf } from "../memoryParts.ts";

/** The kernel log as lines, and the reports of trouble in it: no DOM. */

export interface LogLine {
  readonly text: string;
  /** KERN_EMERG 0 to KERN_DEBUG 7 (include/linux/kern_levels.h); undefined where the kernel kept none. */
  readonly level: number | undefined;
  /** Since boot. */
  readonly seconds: number | undefined;
  /** "T169" for a thread, "C1" for a CPU. */
  readonly caller: string | undefined;
  /** A further line of the record above. */
  readonly continues: boolean;
  /** The text says why it cannot be read. */
  readonly fault?: true;
  /** It is no line of the log, but explains the one above: what a report means, a register's value, an instruction. */
  readonly aside?: "meaning" | "register" | "code" | "faulting";
}

/** A report of the kernel: an oops, a warning, the panic. */
export interface Block {
  readonly kind: "oops" | "warning" | "panic";
  readonly title: string;
  readonly first: number;
  /** Exclusive. */
  readonly end: number;
  /** The line in which the kernel says that it stops. Default: none. */
  readonly panic?: number | undefined;
  /** What every face tells of it. Default: nothing. */
  readonly summary?: Summary;
  /** The facts of the report, for those who know more of the kernel than the log tells. Default: none. */
  readonly facts?: ReportFacts;
  /** The summary, given what the dump knows. Default: nothing. */
  readonly retold?: (context: LogContext) => Summary;
}

/** A message of several lines is as many here. */
export function linesOf(messages: readonly LogMessage[]): LogLine[] {
  const lines: LogLine[] = [];
  for (const { text, time_ns, ...rest } of messages) {
    const shared = { ...rest, seconds: time_ns === undefined ? undefined : Number(time_ns) / 1e9 };
    for (const [i, one] of text.split("\n").entries()) lines.push({ ...shared, text: one, continues: i > 0 });
  }
  return lines;
}

const KINDS = { panic: "panic", error: "oops", warning: "warning", notice: "warning" } as const;

/** The log as its readers take it. */
export const kernelLogOf = (lines: readonly LogLine[]): KernelLog =>
  KernelLog.ofLines(lines.map(({ text, seconds, caller, level }) => recordLine(text, seconds, caller, level)));

/** The reports in the log, oldest first, none within another. */
export function blocksIn(lines: readonly LogLine[]): Block[] {
  const log = kernelLogOf(lines);
  const blocks: Block[] = [];
  for (const report of [...log.reports].sort((a, b) => a.start - b.start)) {
    if (report.start < (blocks.at(-1)?.end ?? 0)) continue;
    const summary = summaryOf(log, report);
    blocks.push({
      kind: KINDS[summary.severity],
      title: summary.headline,
      first: report.start,
      end: report.tail,
      panic: report.panic,
      summary,
      facts: factsOf(log, report),
      retold: (context) => summaryOf(log, report, context),
    });
  }
  return blocks;
}

/** The time to count from when the panic is zero: when the kernel panicked, else when it last oopsed, else its end. */
export function panicSeconds(lines: readonly LogLine[], blocks: readonly Block[]): number | undefined {
  const panicked = blocks.findLast(({ panic }) => panic !== undefined);
  const block = panicked ?? blocks.findLast(({ kind }) => kind === "oops");
  return lines[block ? (block.panic ?? block.first) : lines.length - 1]?.seconds;
}

export type TimeMode = "boot" | "wall" | "panic";

/**
 * A message's time; empty where it is not known.
 * @param zero for "wall" seconds since the epoch at boot; for "panic" seconds since boot at the panic
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
 * When the kernel booted, seconds since 1970, of `sys`.
 * @returns undefined where the dump tells no time
 */
export function bootTime({ tables }: Grid): number | undefined {
  const [record] = tables.flatMap(recordsOf<PanelKeys["sys"]>);
  const [date, uptime] = [record?.get("date"), record?.get("uptime_ns")];
  if (typeof date !== "number" || typeof uptime !== "string") return undefined;
  // The clock of the crash counts whole seconds, so that the rest says nothing.
  return date - Math.floor(Number(uptime) / 1e9);
}

/** A row of the page: a line by its number, or the heading of a block as the complement of its number. */
export type Entry = number;
export const headingOf = (block: number): Entry => ~block;
export const isHeading = (entry: Entry): boolean => entry < 0;
export const blockOf = (entry: Entry): number => ~entry;

export interface Wanted {
  /** Lines of this level and worse; what has no level counts as wanted. */
  readonly level: number;
  readonly pattern: RegExp | undefined;
  /** Numbers of the blocks whose lines are folded away. */
  readonly folded: ReadonlySet<number>;
  /** Entries that explain a line, by its number. */
  readonly asides?: ReadonlyMap<number, readonly Entry[]>;
}

/**
 * What is to be shown. While something is searched or left out, the lines stand by themselves: no headings, nothing
 * explained.
 */
export function entriesOf(
  lines: readonly LogLine[],
  blocks: readonly Block[],
  { level, pattern, folded, asides }: Wanted,
): Entry[] {
  const entries: Entry[] = [];
  const isPlain = pattern === undefined && level >= 7;
  let next = 0;
  for (let i = 0; i < lines.length; i++) {
    const block = blocks[next];
    if (isPlain && block?.first === i) {
      entries.push(headingOf(next));
      if (folded.has(next)) i = block.end - 1;
      next++;
      if (folded.has(next - 1)) continue;
    }
    const line = lines[i];
    if (line && (line.level ?? 0) <= level && (pattern === undefined || pattern.test(line.text))) entries.push(i);
    if (isPlain) entries.push(...(asides?.get(i) ?? []));
  }
  return entries;
}
