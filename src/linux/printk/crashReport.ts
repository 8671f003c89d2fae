import { attempt } from "../../base/fault.ts";
import { derived } from "../../model/derived.ts";
import { isPanicTitle, oopses, type Oops } from "./oops.ts";
import { panicCpu } from "./panicCpu.ts";
import { logLines } from "./printk.ts";

/** What the reports in a log say of the crash that ended it. */
export interface Crash {
  /** The report that tells what happened; undefined without any. */
  readonly report: Oops | undefined;
  /** The panic that came of it, in the kernel's words; undefined where the report is the last word itself. */
  readonly panic: Oops | undefined;
  /** Reports before it that the kernel survived, the last first. */
  readonly earlier: readonly Oops[];
}

interface Known {
  /** The CPU that panicked. Default: the one that the panic's own report names. */
  readonly cpu?: number | undefined;
  /** Whether a report is close enough in time to have led to the panic. Default: each is. */
  readonly isRecent?: (report: Oops) => boolean;
}

/** A report that led to a panic came at most so long before it: watchdogs print many stacks first. */
const MAX_SECONDS_BEFORE = 60;

/** What the log says of the crash that ended it. */
export const crash = derived("crash in the log", (kernel): Crash => {
  const lines = logLines(kernel);
  const reports = oopses(kernel);
  const end = lines[reports.find(isPanic)?.at ?? lines.length - 1]?.seconds;
  const isRecent = ({ at }: Oops): boolean => (end ?? 0) - (lines[at]?.seconds ?? end ?? 0) <= MAX_SECONDS_BEFORE;
  const cpu = attempt(() => panicCpu(kernel));
  return crashIn(reports, { cpu: typeof cpu === "number" ? cpu : undefined, isRecent });
});

/**
 * The panic is the last word, but the report that led to it says more, unless the panic is about something else: an oops
 * that the kernel survived is not why a hung task made it panic.
 * @param reports oldest first; those after the first panic are of a machine that was already lost
 */
export function crashIn(reports: readonly Oops[], { cpu, isRecent = () => true }: Known = {}): Crash {
  const at = reports.findIndex(isPanic);
  const panic = reports[at];
  const before = at < 0 ? reports : reports.slice(0, at);
  const candidates = before.filter((one) => (panic ? isRecent(one) && leads(one, panic) : one.kind !== "warning"));
  const cause = ofCpu(candidates, cpu ?? (panic && cpuOf(panic)));
  return {
    report: cause ?? panic,
    panic: cause && panic,
    earlier: before.filter((one) => one !== cause && one.kind !== "warning").reverse(),
  };
}

const isPanic = ({ title }: Oops): boolean => isPanicTitle(title);

/** Whether a report may be why the kernel panicked. */
function leads(report: Oops, panic: Oops): boolean {
  switch (panic.kind) {
    case "panic":
      return report.kind !== "warning";
    // panic_on_warn makes sanitizers' reports fatal too (kernel/panic.c: check_panic_on_warn).
    case "warning":
      return true;
    // init dies of an oops of its own, or of a signal and its own exit.
    case "init killed":
      return report.kind !== "warning" && report.lines.some((line) => /\bPID: 1 Comm:/.test(line));
    default:
      return report.kind === panic.kind;
  }
}

/** The last report, or, where another CPU wrote that, the last one of its kind that `cpu` wrote. */
function ofCpu(reports: readonly Oops[], cpu: number | undefined): Oops | undefined {
  const last = reports.at(-1);
  if (!last || cpu === undefined || (cpuOf(last) ?? cpu) === cpu) return last;
  return reports.findLast((one) => one.kind === last.kind && cpuOf(one) === cpu) ?? last;
}

/** The CPU that a report is about: as its headline says, else as dump_stack() or show_regs() printed it. */
function cpuOf({ title, lines }: Oops): number | undefined {
  const named = /\bCPU#(\d+)|\bon cpu (\d+)/i.exec(title);
  for (const text of named?.slice(1) ?? []) if (text !== undefined) return Number(text);
  for (const line of lines) {
    const [, cpu] = /\bCPU: (\d+) (?:UID: \d+ )?PID: /.exec(line) ?? [];
    if (cpu !== undefined) return Number(cpu);
  }
  return undefined;
}
