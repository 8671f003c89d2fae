/** Checks which tasks are blocked, by what they wait for. */
import { attempt, Fault } from "../../base/fault.ts";
import { lastArrival, newestClock } from "../../linux/sched/sched.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Evidence } from "../evidence.ts";
import { type HealthCheck, observed } from "../healthCheck.ts";
import { waitGraph, type WaitingTask } from "../waits/waitGraph.ts";
import { waitWords } from "../waits/words.ts";
import { countWords, SECOND, timeWords } from "./amounts.ts";

/** Minimum length of a wait that is reported, in nanoseconds. */
const MIN_NS = SECOND;
/** Minimum length in nanoseconds of a wait that is a suspect: few locks and devices need this long. */
const SUSPECT_NS = 10n * SECOND;
/**
 * Minimum length in nanoseconds of a reported wait for a child, or for the end of a task. They may run for a long time;
 * the watchdog khungtaskd reports their parents after 120 s by default.
 */
const PATIENT_MIN_NS = 120n * SECOND;
/** Maximum number of resources that are reported. */
const MAX_GROUPS = 16;

interface Group {
  readonly words: string;
  readonly tasks: WaitingTask[];
  /** The longest wait in nanoseconds; 0 if the time of no task can be read. */
  longest: bigint;
  /** Number of tasks whose time cannot be read. */
  unread: number;
}

/** Reports blocked tasks, one finding for each resource that they wait for. */
export const blockedTasks: HealthCheck = {
  id: "blocked-tasks",
  title: "blocked tasks",
  shows: "waits",
  *run(kernel) {
    const { blocked } = yield* waitGraph(kernel);
    const all = groupsOf(kernel, blocked);
    const groups = all.filter(({ longest, tasks }) => longest >= (isPatient(tasks) ? PATIENT_MIN_NS : MIN_NS));
    for (const { words, tasks, longest } of groups.slice(0, MAX_GROUPS)) {
      const [first] = tasks;
      if (!first) continue;
      const evidence = tasks.slice(0, 4).map(taskEvidence);
      yield observed(
        "blocked-tasks",
        longest >= SUSPECT_NS && !isPatient(tasks) ? "suspect" : "note",
        { waitsFor: words, tasks: tasks.length, longest_ns: longest, pids: tasks.map(({ pid }) => pid) },
        [
          { kind: "task", address: first.task.address, pid: first.pid, comm: first.comm },
          tasks.length > 1 ? ` and ${tasks.length - 1} more wait` : " waits",
          words.startsWith("in ") ? ` ${words}` : words === "" ? "" : ` for ${words}`,
          `, the longest for at most ${timeWords(longest)}.`,
        ],
        taskEvidence(first),
        ...evidence.slice(1),
      );
    }
    return blocked.length === 0 ? "No task is blocked." : shortWaits(all);
  },
};

/** Returns the sentence about blocked tasks of which none is reported. */
function shortWaits(groups: readonly Group[]): string {
  const count = (some: readonly Group[]): number =>
    some.reduce((sum, { tasks, unread }) => sum + tasks.length - unread, 0);
  const patient = count(groups.filter(({ tasks }) => isPatient(tasks)));
  const unread = groups.reduce((sum, one) => sum + one.unread, 0);
  const parts = [
    [count(groups) - patient, `for less than ${timeWords(MIN_NS)}`],
    [patient, `for less than ${timeWords(PATIENT_MIN_NS)} for a child or for the end of a task`],
    [unread, "for a time that cannot be read"],
  ] as const;
  const words = parts.filter(([tasks]) => tasks > 0).map(([tasks, how]) => `${countWords(tasks, "task")} ${how}`);
  return `Blocked: ${words.join(", ")}.`;
}

const isPatient = (tasks: readonly WaitingTask[]): boolean =>
  tasks.every(({ wait }) => wait.resource?.kind === "task exit" || wait.resource?.kind === "child");

const taskEvidence = ({ task, pid, comm, activity, wait }: WaitingTask): Evidence => ({
  kind: "output",
  command: `bt ${pid}`,
  text: `${comm} [${pid}] ${activity === "running" ? "spins" : activity === "stopped" ? "is stopped" : "sleeps"} in ${wait.function ?? "an unknown function"} (task_struct ${task.address.toString(16)})`,
});

/** Groups the tasks by resource; without one, by function. Groups with the longest wait come first. */
function groupsOf(kernel: Kernel, blocked: readonly WaitingTask[]): Group[] {
  const groups = new Map<string, Group>();
  for (const one of blocked) {
    const words = waitWords(one);
    const key = one.wait.resource ? `${one.wait.resource.kind} ${one.wait.resource.address}` : words;
    // By the newest clock, because that of an idle CPU is older than the wait.
    const since = attempt(() => newestClock(kernel) - lastArrival(one.task));
    const group = groups.get(key) ?? { words, tasks: [], longest: 0n, unread: 0 };
    groups.set(key, group);
    group.tasks.push(one);
    if (since instanceof Fault) group.unread++;
    else if (since > group.longest) group.longest = since;
  }
  return [...groups.values()].sort((a, b) => (a.longest > b.longest ? -1 : 1));
}
