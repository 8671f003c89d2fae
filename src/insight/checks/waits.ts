/** Checks which tasks wait for each other. */
import { taskComm, taskPid, taskTable } from "../../linux/sched/task.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Check } from "../check.ts";
import type { CrashFacts } from "../crashFacts.ts";
import type { Finding } from "../finding.ts";
import { mechanismOf } from "../mechanisms.ts";
import { freeLock } from "../waits/freeLock.ts";
import { rootOf } from "../waits/root.ts";
import {
  blockedFinding,
  cycleFinding,
  exitedFinding,
  lostFinding,
  overReleasedFinding,
  overwrittenFinding,
  ownerFinding,
  rootFinding,
  wokenFinding,
} from "../waits/sentences.ts";
import {
  type KnownHolder,
  recordedWaitGraph,
  type WaitCycle,
  type WaitGraph,
  waitGraph,
  type WaitingTask,
} from "../waits/waitGraph.ts";

/** Maximum number of blocked tasks that are reported. The command `waits` prints all. */
const MAX_TASKS = 16;

/** Reports deadlocks and locks without an owner. Reports each blocked task only if waiting is the failure. */
export const waits: Check = {
  id: "waits",
  needs: ["types"],
  about: "any",
  firstFor: ["hung-task"],
  *run(kernel, crash) {
    // A deadlock that the reported task is certainly in is found first, because the search for possible holders is slow.
    const recorded = yield* recordedWaitGraph(kernel);
    const own = ownDeadlocks(recorded, waitingTaskOf(recorded, crash));
    for (const cycle of own) yield cycleFinding(cycle, "cause");
    const graph = yield* waitGraph(kernel);
    const hung = waitingTaskOf(graph, crash);
    for (const cycle of graph.cycles) {
      if (own.some((one) => isSameCycle(one, cycle))) continue;
      yield cycleFinding(cycle, leadsTo(graph, hung, cycle.tasks) ? "cause" : "suspect");
    }
    yield* lockFindings(kernel, graph, hung);
    if (isAboutWaiting(crash)) yield* blockedFindings(graph, hung);
    else if (hung || crash.kind === "nmi") yield* spinningFindings(graph);
    const { fault } = taskTable(kernel);
    if (fault) throw fault.within("tasks are missing, because their list cannot be read to its end");
  },
};

/** Yields what each blocked task waits for, and who holds it. */
function* blockedFindings(graph: WaitGraph, hung: WaitingTask | undefined): Generator<Finding, void, void> {
  // The task that was reported comes first, then those that wait longest.
  const reported = [...(hung ? [hung] : []), ...graph.blocked.filter((one) => one !== hung)].slice(0, MAX_TASKS);
  for (const one of reported) {
    yield blockedFinding(one);
    for (const holder of one.holders) yield ownerFinding(one, holder, graph);
    const root = rootOf(graph, one);
    if (root && root.state !== "cycle" && root.steps.length > 1) yield rootFinding(one, root, graph);
  }
}

/** Yields what each CPU that spins waits for, and who holds it. */
function* spinningFindings(graph: WaitGraph): Generator<Finding, void, void> {
  for (const one of graph.blocked.filter(({ activity }) => activity === "running").slice(0, MAX_TASKS)) {
    yield blockedFinding(one);
    for (const holder of one.holders) yield ownerFinding(one, holder, graph);
  }
}

/** Kinds whose report is about a task that is blocked, or whose CPU spins. An NMI is sent to machines that hang. */
const WAITING: ReadonlySet<string> = new Set(["hung-task", "soft-lockup", "hard-lockup", "rcu-stall", "nmi"]);

/** Returns the task that a watchdog reported; undefined if it does not wait, and for other crashes. */
const waitingTaskOf = ({ blocked }: WaitGraph, { kind, pid }: CrashFacts): WaitingTask | undefined =>
  kind !== undefined && WAITING.has(kind) ? blocked.find((one) => one.pid === pid) : undefined;

/** Returns the certain cycles that a task is in, or that its chain of certain holders reaches. */
function ownDeadlocks(graph: WaitGraph, hung: WaitingTask | undefined): readonly WaitCycle[] {
  const certain = graph.cycles.filter(({ certainty }) => certainty === "certain");
  if (!hung || certain.length === 0 || rootOf(graph, hung)?.isCertain !== true) return [];
  return certain.filter(({ tasks }) => leadsTo(graph, hung, tasks));
}

const isSameCycle = (a: WaitCycle, b: WaitCycle): boolean =>
  a.certainty === b.certainty && a.tasks[0]?.task.address === b.tasks[0]?.task.address;

/** Returns whether the chain of holders from a task reaches one of `tasks`. */
function leadsTo(graph: WaitGraph, from: WaitingTask | undefined, tasks: readonly WaitingTask[]): boolean {
  if (!from) return false;
  const steps = rootOf(graph, from)?.steps ?? [];
  return tasks.some((one) => one === from || steps.some(({ task }) => task === one.task.address));
}

/** Returns whether a holder has exited. A task that is in no task list has exited only if the list is complete. */
function hasExited(kernel: Kernel, { fate: { activity } }: KnownHolder): boolean {
  if (activity === "gone") return taskTable(kernel).fault === undefined;
  return activity === "dead" || activity === "freed";
}

/** Yields exited owners and free locks with waiters, once for each lock. */
function* lockFindings(kernel: Kernel, graph: WaitGraph, hung: WaitingTask | undefined): Generator<Finding> {
  const seen = new Set<bigint>();
  for (const one of graph.tasks.values()) {
    const address = one.wait.resource?.address;
    if (address === undefined || seen.has(address)) continue;
    seen.add(address);
    const severity = hung?.wait.resource?.address === address ? "cause" : "suspect";
    for (const holder of one.holders) if (hasExited(kernel, holder)) yield exitedFinding(one, holder, severity);
    const free = freeLock(one);
    if (one.wait.state?.readers !== undefined) yield overReleasedFinding(one, one.wait.state.readers, severity);
    if (free?.kind === "overwritten") yield overwrittenFinding(one, free.flag, severity);
    if (free?.kind === "lost wake-up") yield lostFinding(one, severity);
    if (free?.kind === "woken") yield wokenFinding(one, free.task, taskPid(free.task), taskComm(free.task));
  }
}

/** Returns whether the crash is about waiting tasks. A machine that was stopped for inspection counts too. */
function isAboutWaiting({ kind, panic, report }: CrashFacts): boolean {
  if (!report && !panic) return true;
  return ["hung-task", "workqueue", "sysrq"].includes(mechanismOf(kind, panic?.text));
}
