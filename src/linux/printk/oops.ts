import { factsOf } from "../../log/facts.ts";
import { KernelLog } from "../../log/kernelLog.ts";
import { type Label, labelOf } from "../../log/label.ts";
import { recordLine } from "../../log/lines.ts";
import { poisonOf } from "../../log/poison.ts";
import type { Report } from "../../log/reports.ts";
import { derived } from "../../model/derived.ts";
import { logLines } from "./printk.ts";

/** What kind of crash a report in the log is about. */
export type CrashKind = Label;

/** One report of the kernel: from its headline to its last line; the panic that it led to is another. */
export interface Oops {
  readonly kind: CrashKind;
  readonly title: string;
  readonly lines: readonly string[];
  /** Index of its first line in the log. */
  readonly at: number;
  /** The report of the log that it is, or is the panic of. */
  readonly report: Report;
  /** Hardware error code as the kernel printed it. */
  readonly errorCode: bigint | undefined;
  /** Faulting address as the kernel printed it. */
  readonly address: bigint | undefined;
  /** The log that it is in. */
  readonly log: KernelLog;
}

/**
 * The reports in the kernel log, oldest first: oopses, lockups, warnings, the panic itself. The one that led to the
 * panic comes last but for the panic.
 */
export const oopses = derived("oopses", (kernel): readonly Oops[] => oopsesOf(kernelLog(kernel)));

/** The log with its reports, by the lines of `logLines`. */
export const kernelLog = derived("kernel log", (kernel) =>
  KernelLog.ofLines(
    logLines(kernel).map(({ text, seconds, caller, level }) => recordLine(text, seconds, caller, level)),
  ),
);

/** The reports in lines of a log; dumps that somebody asked for, and failures that were injected, are none. */
export const oopsesIn = (lines: readonly string[]): Oops[] => oopsesOf(KernelLog.of(lines));

/** The same of a log that was read before. */
export const oopsesOf = (log: KernelLog): Oops[] =>
  log.reports
    .filter(({ headline: { row } }) => row.severity !== "notice" || row.kind === "sysrq")
    .flatMap((report) => partsOf(log, report));

/** A report, and the panic that stands within it. */
function partsOf(log: KernelLog, report: Report): Oops[] {
  const { kind, access, headline, numbers } = factsOf(log, report);
  const own = numbers.filter((at) => at >= report.at);
  const panic = report.panic === undefined || report.panic === report.at ? undefined : report.panic;
  const textsOf = (lines: readonly number[]): string[] => lines.map((at) => log.lines[at]?.text ?? "");
  const label = labelOf(kind, headline);
  // POISON_FREE fills freed objects of slab caches: the pointer was read from one.
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
    address: access.address,
    log,
    report,
  };
  if (panic === undefined) return [first];
  const title = log.lines[panic]?.text.trim() ?? "";
  const behind = textsOf(own.filter((at) => at >= panic));
  const second: Oops = {
    kind: labelOf("panic", title),
    title,
    lines: behind,
    at: panic,
    errorCode: undefined,
    address: undefined,
    log,
    report,
  };
  return [first, second];
}

/** Whether a line is the panic's own. */
export const isPanicTitle = (line: string): boolean => line.startsWith("Kernel panic - not syncing");
