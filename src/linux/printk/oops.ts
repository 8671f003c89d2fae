/** Crash reports in the kernel log. */
import { factsOf } from "../../log/facts.ts";
import { KernelLog } from "../../log/kernelLog.ts";
import { type Label, labelOf } from "../../log/label.ts";
import { recordLine } from "../../log/lines.ts";
import { poisonOf } from "../../log/poison.ts";
import type { Report } from "../../log/reports.ts";
import { derived } from "../../model/derived.ts";
import { logLines } from "./printk.ts";

/** Kind of crash that a report describes. */
export type CrashKind = Label;

/** One report of the kernel, from its headline to its last line. The panic that it led to is a separate one. */
export interface Oops {
  readonly kind: CrashKind;
  readonly title: string;
  readonly lines: readonly string[];
  /** Index of the first line of the report in the log. */
  readonly at: number;
  /** The report of the log: this report, or the one that contains this panic. */
  readonly report: Report;
  /** Hardware error code that the kernel printed. */
  readonly errorCode: bigint | undefined;
  /** Faulting address that the kernel printed. */
  readonly faultAddress: bigint | undefined;
  /** The log that contains the report. */
  readonly log: KernelLog;
}

/**
 * The reports in the kernel log, oldest first: oopses, lockups, warnings, the panic. `crash` determines which one led
 * to the panic.
 */
export const oopses = derived("oopses", (kernel): readonly Oops[] => oopsesOf(kernelLog(kernel)));

/** The kernel log with its reports; its lines are those of `logLines`. */
export const kernelLog = derived("kernel log", (kernel) =>
  KernelLog.ofLines(
    logLines(kernel).map(({ text, seconds, caller, level }) => recordLine(text, seconds, caller, level)),
  ),
);

/** Returns the reports in the lines of a log, without dumps that a user requested and injected failures. */
export const oopsesIn = (lines: readonly string[]): Oops[] => oopsesOf(KernelLog.of(lines));

/** Returns the reports of a parsed log. */
export const oopsesOf = (log: KernelLog): Oops[] =>
  log.reports
    .filter(({ headline: { row } }) => row.severity !== "notice" || row.kind === "sysrq")
    .flatMap((report) => partsOf(log, report));

/** Splits a report from the panic that it contains. */
function partsOf(log: KernelLog, report: Report): Oops[] {
  const { kind, access, headline, numbers } = factsOf(log, report);
  const own = numbers.filter((at) => at >= report.at);
  const panic = report.panicLine === undefined || report.panicLine === report.at ? undefined : report.panicLine;
  const textsOf = (lines: readonly number[]): string[] => lines.map((at) => log.lines[at]?.text ?? "");
  const label = labelOf(kind, headline);
  // POISON_FREE fills free objects of slab caches, so the pointer was read from one.
  const isFreed =
    access.address !== undefined &&
    (label === "general protection fault" || label === "page fault") &&
    poisonOf(access.address)?.name === "POISON_FREE";
  const first: Oops = {
    kind: isFreed ? "use after free" : label,
    title: `${headline}${isFreed ? " (use after free: 0x6b fills freed slab objects)" : ""}`,
    lines: textsOf(panic === undefined ? own : own.filter((at) => at < panic)),
    at: report.at,
    errorCode: access.code,
    faultAddress: access.address,
    log,
    report,
  };
  if (panic === undefined) return [first];
  const title = log.lines[panic]?.text.trim() ?? "";
  const panicLines = textsOf(own.filter((at) => at >= panic));
  const second: Oops = {
    kind: labelOf("panic", title),
    title,
    lines: panicLines,
    at: panic,
    errorCode: undefined,
    faultAddress: undefined,
    log,
    report,
  };
  return [first, second];
}

/** Whether a line is the headline of a panic. */
export const isPanicTitle = (line: string): boolean => line.startsWith("Kernel panic - not syncing");
