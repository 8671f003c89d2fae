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
  ownerFinding,
  rootFinding,
  wokenFinding,
} from "../waits/sentences.ts";
import { type KnownHolder, type WaitGraph, waitGraph, type WaitingTask } from "../waits/waitGraph.ts";

/** Tasks that are told of one by one; the command `waits` tells of all. */
const MAX_TASKS = 16;

/** Who waits for whom: deadlocks and locks without an owner always, each blocked task where that is what went wrong. */
export const waits: Check = {
  id: "waits",
  needs: ["types"],
  about: "any",
  *run(kernel, crash) {
    const graph = yield* waitGraph(kernel);
    const hung = reported(graph, crash);
    for (const cycle of graph.cycles)
      yield cycleFinding(cycle, leadsTo(graph, hung, cycle.tasks) ? "cause" : "suspect");
    yield* lockFindings(kernel, graph, hung);
    if (!isAboutWaiting(crash)) return;
    // The task that was reported first, then those that have been waiting longest.
    const told = [...(hung ? [hung] : []), ...graph.blocked.filter((one) => one !== hung)].slice(0, MAX_TASKS);
    for (const one of told) {
      yield blockedFinding(one);
      for (const holder of one.holders) yield ownerFinding(one, holder);
      const root = rootOf(graph, one);
      if (root && root.state !== "cycle" && root.steps.length > 1) yield rootFinding(one, root);
    }
  },
};

/** The task that the hung-task watchdog reported. */
const reported = ({ blocked }: WaitGraph, { kind, pid }: CrashFacts): WaitingTask | undefined =>
  kind === "hung-task" ? blocked.find((one) => one.pid === pid) : undefined;

/** Whether the chain of a task comes to one of some tasks. */
function leadsTo(graph: WaitGraph, from: WaitingTask | undefined, tasks: readonly WaitingTask[]): boolean {
  if (!from) return false;
  const steps = rootOf(graph, from)?.steps ?? [];
  return tasks.some((one) => one === from || steps.some(({ task }) => task === one.task.address));
}

/** Exited, or in no list of tasks: which proves nothing where that list is not whole. */
function hasExited(kernel: Kernel, { fate: { activity } }: KnownHolder): boolean {
  if (activity === "gone") return taskTable(kernel).fault === undefined;
  return activity === "dead" || activity === "freed";
}

/** Owners that are gone, and locks that nobody has: once for each lock. */
function* lockFindings(kernel: Kernel, graph: WaitGraph, hung: WaitingTask | undefined): Generator<Finding> {
  const seen = new Set<bigint>();
  for (const one of graph.tasks.values()) {
    const address = one.wait.resource?.address;
    if (address === undefined || seen.has(address)) continue;
    seen.add(address);
    const severity = hung?.wait.resource?.address === address ? "cause" : "suspect";
    for (const holder of one.holders) if (hasExited(kernel, holder)) yield exitedFinding(one, holder, severity);
    const free = freeLock(one);
    if (free?.kind === "lost wake-up") yield lostFinding(one, severity);
    if (free?.kind === "woken") yield wokenFinding(one, free.task, taskPid(free.task), taskComm(free.task));
  }
}

/** Crashes of which tasks that wait are the matter, and machines that were stopped for somebody to look. */
function isAboutWaiting({ kind, panic, report }: CrashFacts): boolean {
  if (!report && !panic) return true;
  return ["hung-task", "sysrq"].includes(mechanismOf(kind, panic?.text));
}
