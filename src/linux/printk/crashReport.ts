/** The report in the kernel log that explains the crash. */
import { attempt } from "../../base/fault.ts";
import { derived } from "../../model/derived.ts";
import { isPanicTitle, oopses, type Oops } from "./oops.ts";
import { panicCpu } from "./panicCpu.ts";
import { logLines } from "./printk.ts";

/** The reports in a log that belong to the crash at its end. */
export interface Crash {
  /** The report that shows what happened; undefined if there is none. */
  readonly report: Oops | undefined;
  /** The panic that the report led to; undefined if `report` itself is the last event. */
  readonly panic: Oops | undefined;
  /** Earlier reports that the kernel survived, without warnings, latest first. */
  readonly earlier: readonly Oops[];
}

interface CrashContext {
  /** The CPU that panicked. Default: the CPU in the panic's report. */
  readonly cpu?: number | undefined;
  /** Whether a report is close enough in time to have led to the panic. Default: every report is. */
  readonly isRecent?: (report: Oops) => boolean;
}

/** Maximum time in seconds between a panic and the report that led to it. Watchdogs print many stacks in between. */
const MAX_SECONDS_BEFORE = 60;

/** The crash at the end of the kernel log. */
export const crash = derived("crash in the log", (kernel): Crash => {
  const lines = logLines(kernel);
  const reports = oopses(kernel);
  const end = lines[reports.find(isPanic)?.at ?? lines.length - 1]?.seconds;
  const isRecent = ({ at }: Oops): boolean => (end ?? 0) - (lines[at]?.seconds ?? end ?? 0) <= MAX_SECONDS_BEFORE;
  const cpu = attempt(() => panicCpu(kernel));
  return crashIn(reports, { cpu: typeof cpu === "number" ? cpu : undefined, isRecent });
});

/**
 * Finds the crash in the reports of a log. The panic is the last event, but the report that led to it has more details.
 * A report does not count if the panic has another subject: an oops that the kernel survived is not the reason for a
 * panic about a hung task. @param reports oldest first; those after the first panic are ignored, because the kernel is
 * unreliable after it
 */
export function crashIn(reports: readonly Oops[], { cpu, isRecent = () => true }: CrashContext = {}): Crash {
  const at = reports.findIndex(isPanic);
  const panic = reports[at];
  const before = at < 0 ? reports : reports.slice(0, at);
  const candidates = before.filter((one) => (panic ? isRecent(one) && canCause(one, panic) : one.kind !== "warning"));
  const cause = firstOfRound(before, lastOfCpu(candidates, cpu ?? (panic && cpuOf(panic))));
  const since = cause?.kind === "hung task" ? before.slice(before.indexOf(cause)) : [];
  return {
    report: cause ?? panic,
    panic: cause && panic,
    earlier: before.filter((one) => one !== cause && one.kind !== "warning" && !since.includes(one)).reverse(),
  };
}

const isPanic = ({ title }: Oops): boolean => isPanicTitle(title);

/** Whether a report can be the reason for a panic. */
function canCause(report: Oops, panic: Oops): boolean {
  switch (panic.kind) {
    case "panic":
      return report.kind !== "warning";
    // panic_on_warn also makes sanitizer reports fatal (kernel/panic.c: check_panic_on_warn).
    case "warning":
      return true;
    // The init process is killed by an oops of its own, or by a signal or its own exit.
    case "init killed":
      return report.kind !== "warning" && report.lines.some((line) => /\bPID: 1 Comm:/.test(line));
    default:
      return report.kind === panic.kind;
  }
}

/** Returns the last report or, if another CPU wrote that, the last one of the same kind that `cpu` wrote. */
function lastOfCpu(reports: readonly Oops[], cpu: number | undefined): Oops | undefined {
  const last = reports.at(-1);
  if (!last || cpu === undefined || (cpuOf(last) ?? cpu) === cpu) return last;
  return reports.findLast((one) => one.kind === last.kind && cpuOf(one) === cpu) ?? last;
}

/**
 * Returns the first of the consecutive reports of hung tasks that end with `last`; a report of another kind is returned
 * unchanged. khungtaskd reports every blocked task that it finds before it panics (kernel/hung_task.c).
 */
function firstOfRound(reports: readonly Oops[], last: Oops | undefined): Oops | undefined {
  if (last?.kind !== "hung task") return last;
  const end = reports.indexOf(last);
  const before = reports.slice(0, end).findLastIndex(({ kind }) => kind !== "hung task");
  return reports[before + 1] ?? last;
}

/**
 * Returns the CPU of a report: from its headline, else from a line of dump_stack() or show_regs(); undefined if none
 * names it.
 */
function cpuOf({ title, lines }: Oops): number | undefined {
  const named = /\bCPU#(\d+)|\bon cpu (\d+)/i.exec(title);
  for (const text of named?.slice(1) ?? []) if (text !== undefined) return Number(text);
  for (const line of lines) {
    const [, cpu] = /\bCPU: (\d+) (?:UID: \d+ )?PID: /.exec(line) ?? [];
    if (cpu !== undefined) return Number(cpu);
  }
  return undefined;
}

/** `INFO: task cat:283 blocked for more than 6 seconds.` (kernel/hung_task.c: check_hung_task()). */
const HUNG_TITLE = /^INFO: task .{1,64}:(\d{1,10}) blocked for more than /;

/** Returns the PID of the first hung task, if the kernel panicked because of hung tasks. */
export function hungPid({ report, panic }: Pick<Crash, "report" | "panic">): number | undefined {
  const pid = panic && report?.kind === "hung task" ? HUNG_TITLE.exec(report.title)?.[1] : undefined;
  return pid === undefined ? undefined : Number(pid);
}
