/** Collects what the log and the stacks show of a crash: the report, the task and the frames. */
import { attempt, Fault } from "../base/fault.ts";
import { factsOf, type ReportFacts } from "../log/facts.ts";
import type { Frame as LogFrame } from "../log/guilty.ts";
import type { ReportKind } from "../log/kinds.ts";
import { plainName } from "../log/place.ts";
import type { Report } from "../log/reports.ts";
import { crash } from "../linux/printk/crashReport.ts";
import { crashSite } from "../linux/printk/crashSite.ts";
import { kernelLog } from "../linux/printk/oops.ts";
import { panicMessage, panicTask } from "../linux/printk/panic.ts";
import { panicCpu } from "../linux/printk/panicCpu.ts";
import { cpuTask, runningOn } from "../linux/sched/cpu.ts";
import { logLines } from "../linux/printk/printk.ts";
import { stackTrace } from "../linux/sched/stackTrace.ts";
import { findTask, taskComm, taskPid } from "../linux/sched/task.ts";
import { derived } from "../model/derived.ts";
import type { Kernel } from "../model/kernel.ts";
import type { Obj } from "../model/object.ts";
import type { Frame, Stack, Trap } from "../unwind/frame.ts";

/** The report that describes the crash, the task that it is about, and the frames where that task stopped. */
export interface CrashFacts {
  /** The log's report of the crash; undefined if the log has none. */
  readonly report: ReportFacts | undefined;
  /** Kind of the report; undefined if there is no report. */
  readonly kind: ReportKind | undefined;
  /** The kernel's panic message and its line in the log; undefined if there is none. */
  readonly panic: { readonly text: string; readonly line: number } | undefined;
  /** Earlier reports without notices, the latest first, at most `MAX_EARLIER`. */
  readonly earlier: readonly ReportFacts[];
  /** Whether the kernel stopped; false if it was running when its memory was saved; undefined if this is not known. */
  readonly stopped: boolean | undefined;
  /** The CPU that panicked. */
  readonly panicCpu: number | undefined;
  /** The task that the report is about, or the one that panicked: see `taskOf`. */
  readonly task: Obj | undefined;
  readonly pid: number | undefined;
  readonly comm: string | undefined;
  /** The CPU on which the task ran when the kernel stopped; undefined if it was not running. */
  readonly cpu: number | undefined;
  readonly stack: Stack | undefined;
  /** Frames from the crashed function to its callers, without the functions that only reported the crash. */
  readonly frames: readonly Frame[];
  /** The trap that interrupted the first of these frames, if there is one. */
  readonly trap: Trap | undefined;
  /** Why the task or the stack is missing or incomplete. */
  readonly fault: Fault | undefined;
  /** Returns the log timestamp of a line, in seconds; undefined if the line has none. */
  readonly secondsAt: (line: number) => number | undefined;
}

/** Collects the facts of a crash, once for each kernel. Never throws. */
export const crashFacts = derived("crash facts", (kernel): CrashFacts => {
  const log = kernelLog(kernel);
  const known = crash(kernel);
  const { report, panic } = known;
  const firstReport = report?.report;
  const facts = firstReport && factsOf(log, firstReport);
  const cpu = attempt(() => panicCpu(kernel));
  const subject = attempt(() => taskOf(kernel, facts));
  const task = subject instanceof Fault ? undefined : subject;
  const stack = task && stackTrace(kernel, task);
  const frames = stack ? stack.frames.slice(siteOf(stack.frames)) : [];
  const last = panic ?? (report && report.title.startsWith("Kernel panic") ? report : undefined);
  const before = factsBefore(kernel, firstReport);
  return {
    report: facts,
    kind: facts?.kind,
    panic: last && { text: last.title, line: last.at },
    earlier: before,
    stopped:
      (last ?? (cpu instanceof Fault ? undefined : cpu)) !== undefined ? true : hasNoPanic(kernel) ? false : undefined,
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

/** Returns whether the log and `panic_cpu` show that the kernel did not panic. */
const hasNoPanic = (kernel: Kernel): boolean => attempt(() => panicMessage(kernel)) === undefined;

const valueOf = <T>(read: () => T): T | undefined => {
  const value = attempt(read);
  return value instanceof Fault ? undefined : value;
};

/** Kinds whose report is about a task that is not the one that reports it. */
const OF_ANOTHER: ReadonlySet<ReportKind> = new Set(["hung-task"]);

/**
 * Returns the task that the report is about: a hung task by its PID, otherwise the task that panicked or the task of the
 * report's CPU. If neither of these two has the report's PID, or there is no report, returns the task that panicked.
 * @throws Fault if the task that panicked is not known
 */
function taskOf(kernel: Kernel, report: ReportFacts | undefined): Obj | undefined {
  if (report && OF_ANOTHER.has(report.kind) && report.pid !== undefined) return findTask(kernel, report.pid);
  const panicked = panicTask(kernel);
  if (!panicked || report?.pid === undefined || taskPid(panicked) === report.pid) return panicked;
  // A watchdog may report another CPU. Take the task of that CPU if it is the one that was reported.
  const other = report.cpu === undefined ? undefined : valueOf(() => cpuTask(kernel, report.cpu ?? 0));
  return other && valueOf(() => taskPid(other)) === report.pid ? other : panicked;
}

const siteOf = (frames: readonly Frame[]): number => (frames.length === 0 ? 0 : crashSite(frames));

/** Returns the reports before `report`, or all without one: the latest first, no notices, at most `MAX_EARLIER`. */
function factsBefore(kernel: Kernel, report: Report | undefined): ReportFacts[] {
  const log = kernelLog(kernel);
  const end = report?.at ?? Infinity;
  return log.reports
    .filter(({ at, headline: { row } }) => at < end && row.severity !== "notice")
    .reverse()
    .slice(0, MAX_EARLIER)
    .map((one) => factsOf(log, one));
}

/** Maximum number of earlier reports. */
const MAX_EARLIER = 8;

/** Converts a frame to the form that the rules of `log/` take. @param at the index of the frame */
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

/** Returns the source name of a frame's function, without compiler suffixes; undefined if the frame has no symbol. */
export const functionOf = ({ symbol }: Frame): string | undefined => symbol && plainName(symbol.name);

/** Returns the frame whose part of the stack has an address; undefined if none is known to have it. */
export const frameHolding = (frames: readonly Frame[], address: bigint): Frame | undefined =>
  frames.find(({ sp, cfa }) => cfa !== undefined && address >= sp && address < cfa);
