/** The report that led to a panic. */
import { partitionPoint } from "../../base/search.ts";
import type { KernelLog } from "../kernelLog.ts";
import type { KindRow, ReportKind } from "../kinds.ts";
import type { Report } from "../reports.ts";
import type { TaskFact } from "./task.ts";

/** Maximum distance in lines between the end of a report and the panic that it caused. */
const MAX_DISTANCE = 200;

/**
 * Words of a panic, and the kinds of report that lead to it. "fatal" stands for every error that kills its task,
 * "warning" for every kind that STOPS_AT_WARNING lists.
 */
const CAUSES: readonly (readonly [RegExp, readonly (ReportKind | "fatal" | "warning")[]])[] = [
  [/kmsan\.panic set/, ["kmsan"]],
  [/kasan\.fault=panic/, ["kasan"]],
  [/panic_on_warn/, ["warning"]],
  [/hung_task: blocked tasks/, ["hung-task"]],
  [/softlockup: hung tasks/, ["soft-lockup"]],
  [/[Hh]ard LOCKUP/, ["hard-lockup"]],
  [/RCU Stall/, ["rcu-stall"]],
  [/[Oo]ut of memory|System is deadlocked on memory/, ["oom"]],
  [/[Mm]achine check|Uncorrected|NMI/, ["machine-check", "firmware-error", "edac", "pcie-error", "nmi"]],
  [/Fatal exception|Attempted to kill the idle task|Aiee, killing interrupt|Attempted to kill init/, ["fatal"]],
];

/** Panics that the task of the causing report raises itself; other panics can be raised by another task or CPU. */
const OF_SAME_TASK = /panic_on_warn|kmsan\.panic set|kasan\.fault=panic|Fatal exception|Attempted to kill|Aiee/;

/**
 * Whether the lines after a panic come from another CPU: they name another task than the report that caused the panic.
 * panic() itself prints no stack after an oops.
 * @param own task in the lines after the panic
 * @param cause task of the causing report
 */
export const isOfOtherCpu = (panic: string, own: TaskFact, cause: TaskFact): boolean =>
  OF_SAME_TASK.test(panic) &&
  own.pid !== undefined &&
  cause.pid !== undefined &&
  // Idle tasks, one of each CPU, have PID 0; other tasks may have moved to another CPU meanwhile.
  (own.pid !== cause.pid || (own.pid === 0 && own.cpu !== cause.cpu));

/** Whether a report of a task can be the cause of a panic: init ends because of its own error, not of another task's. */
export const canLeadTo = (panic: string, { pid }: TaskFact): boolean =>
  !panic.includes("Attempted to kill init") || pid === undefined || pid === 1;

/** Errors that do not end the task in which they happen, so that they do not cause a panic about the end of a task. */
const SURVIVED: ReadonlySet<ReportKind> = new Set([
  "soft-lockup",
  "hard-lockup",
  "rcu-stall",
  "hung-task",
  "workqueue-lockup",
  "oom",
  "kasan",
  "kmsan",
  "kfence",
  "ubsan",
  "slab",
  "spinlock",
  "atomic-sleep",
  "atomic-schedule",
  "preemptible",
  "workqueue-leak",
  "bad-page",
  "bad-page-map",
  "mm-counter",
  "netdev-held",
  "inodes-busy",
  "dentry-held",
  "module-panic",
  "irq-nobody",
  "nmi",
  "machine-check",
  "firmware-error",
]);

/**
 * Reports after which the kernel panics if panic_on_warn is set (kernel/panic.c: check_panic_on_warn, and the callers of
 * __warn).
 */
const STOPS_AT_WARNING: ReadonlySet<ReportKind> = new Set([
  "warning",
  "refcount",
  "odebug",
  "lock-bug",
  "list-corruption",
  "usercopy",
  "fortify",
  "cfi",
  "netdev-watchdog",
  "rtnl",
  "kasan",
  "kcsan",
  "kfence",
  "ubsan",
  "slab",
  "atomic-schedule",
  "hard-lockup",
]);

/** Whether a report of a row can be the cause of a panic that a list of kinds leads to. */
function isCause({ kind, severity }: KindRow, kinds: (typeof CAUSES)[number][1]): boolean {
  if (kinds.includes(kind)) return true;
  if (kinds.includes("fatal")) return severity === "error" && !SURVIVED.has(kind);
  return kinds.includes("warning") && STOPS_AT_WARNING.has(kind);
}

/**
 * Returns the report that led to a panic; undefined if there is none. Another panic is never the cause, because a
 * kernel panics once.
 */
export function causeOf(log: KernelLog, report: Report): Report | undefined {
  const kinds = CAUSES.find(([words]) => words.test(log.lines[report.at]?.text ?? ""))?.[1];
  if (report.headline.row.severity !== "panic" || !kinds) return undefined;
  const { reports } = log;
  const own = partitionPoint(reports.length, (i) => (reports[i]?.at ?? report.at) < report.at);
  // Each headline has a line of its own, so at most that many reports can be near enough.
  return reports
    .slice(Math.max(0, own - MAX_DISTANCE), own)
    .findLast(
      ({ end, headline: { row } }) => report.at - end < MAX_DISTANCE && row.severity !== "panic" && isCause(row, kinds),
    );
}
