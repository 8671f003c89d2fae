import { attempt, Fault } from "../base/fault.ts";
import { factsOf, type ReportFacts } from "../log/facts.ts";
import type { Frame as LogFrame } from "../log/guilty.ts";
import type { Kind } from "../log/kinds.ts";
import type { KernelLog } from "../log/kernelLog.ts";
import { plainName } from "../log/place.ts";
import type { Report } from "../log/reports.ts";
import { crash } from "../linux/printk/crashReport.ts";
import { crashSite } from "../linux/printk/crashSite.ts";
import { kernelLog } from "../linux/printk/oops.ts";
import { panicTask } from "../linux/printk/panic.ts";
import { panicCpu } from "../linux/printk/panicCpu.ts";
import { cpuTask, runningOn } from "../linux/sched/cpu.ts";
import { logLines } from "../linux/printk/printk.ts";
import { stackTrace } from "../linux/sched/stackTrace.ts";
import { findTask, taskComm, taskPid } from "../linux/sched/task.ts";
import { derived } from "../model/derived.ts";
import type { Kernel } from "../model/kernel.ts";
import type { Obj } from "../model/object.ts";
import type { Frame, Stack, Trap } from "../unwind/frame.ts";

/** The report that tells what happened, the task that it is about, and where that stopped. */
export interface CrashFacts {
  /** The log's report of what happened; undefined where the log has none. */
  readonly report: ReportFacts | undefined;
  /** Kind of the report; undefined for a machine that was running. */
  readonly kind: Kind | undefined;
  /** What the kernel said when it stopped, and the line where it did; undefined where it said nothing. */
  readonly panic: { readonly text: string; readonly line: number } | undefined;
  /** Reports before it, the last first, warnings too. */
  readonly earlier: readonly ReportFacts[];
  /** The CPU that panicked. */
  readonly panicCpu: number | undefined;
  /** The task that the report is about. */
  readonly task: Obj | undefined;
  readonly pid: number | undefined;
  readonly comm: string | undefined;
  /** The CPU that the task ran on. */
  readonly cpu: number | undefined;
  readonly stack: Stack | undefined;
  /** The frames from the one that crashed outwards, without those that only reported it. */
  readonly frames: readonly Frame[];
  /** What interrupted the first of them, where something did. */
  readonly trap: Trap | undefined;
  /** Why there is no task or stack. */
  readonly fault: Fault | undefined;
  /** Seconds of the log's clock at a line; undefined where the log has none. */
  readonly secondsAt: (line: number) => number | undefined;
}

/** What the log and the stacks say of the crash, worked out once. Never throws. */
export const crashFacts = derived("crash facts", (kernel): CrashFacts => {
  const log = kernelLog(kernel);
  const known = crash(kernel);
  const { report, panic } = known;
  const told = report && firstOfRound(log, report.report);
  const facts = told && factsOf(log, told);
  const cpu = attempt(() => panicCpu(kernel));
  const subject = attempt(() => taskOf(kernel, facts));
  const task = subject instanceof Fault ? undefined : subject;
  const stack = task && stackTrace(kernel, task);
  const frames = stack ? stack.frames.slice(siteOf(stack.frames)) : [];
  const last = panic ?? (report && report.title.startsWith("Kernel panic") ? report : undefined);
  const before = factsBefore(kernel, told);
  return {
    report: facts,
    kind: facts?.kind,
    panic: last && { text: last.title, line: last.at },
    earlier: before,
    panicCpu: cpu instanceof Fault ? undefined : cpu,
    task,
    pid: task && valueOf(() => taskPid(task)),
    comm: task && valueOf(() => taskComm(task)),
    cpu: task && valueOf(() => runningOn(kernel, task)),
    stack,
    frames,
    trap: frames[0]?.trap,
    fault: subject instanceof Fault ? subject : stack?.fault,
    secondsAt: (line) => logLines(kernel)[line]?.seconds,
  };
});

const valueOf = <T>(read: () => T): T | undefined => {
  const value = attempt(read);
  return value instanceof Fault ? undefined : value;
};

/** Kinds that a task is asked about which another one reports. */
const OF_ANOTHER: ReadonlySet<Kind> = new Set(["hung-task"]);

/** @throws Fault when the task that panicked is not known */
function taskOf(kernel: Kernel, report: ReportFacts | undefined): Obj | undefined {
  if (report && OF_ANOTHER.has(report.kind) && report.pid !== undefined) return findTask(kernel, report.pid);
  const panicked = panicTask(kernel);
  if (!panicked || report?.pid === undefined || taskPid(panicked) === report.pid) return panicked;
  // A watchdog's report of another CPU: what that CPU was running, if it is the task that was reported.
  const other = report.cpu === undefined ? undefined : valueOf(() => cpuTask(kernel, report.cpu ?? 0));
  return other && valueOf(() => taskPid(other)) === report.pid ? other : panicked;
}

const siteOf = (frames: readonly Frame[]): number => (frames.length === 0 ? 0 : crashSite(frames));

/** khungtaskd reports every task that it finds blocked before it panics: the first of them, which is titled as the log is. */
export function firstOfRound({ reports }: KernelLog, report: Report): Report {
  const isHung = (one: Report | undefined): boolean => one?.headline.row.kind === "hung-task";
  let at = reports.indexOf(report);
  if (at < 0 || !isHung(report)) return report;
  while (isHung(reports[at - 1])) at--;
  return reports[at] ?? report;
}

/** Reports before one, the last first. */
function factsBefore(kernel: Kernel, report: Report | undefined): ReportFacts[] {
  const log = kernelLog(kernel);
  const end = report?.at ?? Infinity;
  return log.reports
    .filter(({ at, headline: { row } }) => at < end && row.severity !== "notice")
    .reverse()
    .slice(0, MAX_EARLIER)
    .map((one) => factsOf(log, one));
}

/** More reports than a person reads. */
const MAX_EARLIER = 8;

/** A frame as log/'s rules know it; `at` is its index. */
export const asLogFrame = ({ symbol, pc, exact }: Frame, at: number): LogFrame => ({
  place: {
    name: symbol?.name,
    offset: symbol && Number(pc - symbol.address),
    size: symbol?.size,
    module: symbol?.module,
    address: pc,
    start: 0,
    end: 0,
  },
  at,
  returns: !exact,
});

/** The name of a frame's function as the source has it. */
export const functionOf = ({ symbol }: Frame): string | undefined => symbol && plainName(symbol.name);
