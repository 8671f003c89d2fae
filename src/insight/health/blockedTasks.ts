/** Checks which tasks are blocked, and by what. */
import { attempt, Fault } from "../../base/fault.ts";
import { sinceArrival } from "../../linux/sched/sched.ts";
import type { Evidence } from "../evidence.ts";
import { type HealthCheck, observed } from "../healthCheck.ts";
import { waitGraph, type WaitingTask } from "../waits/waitGraph.ts";
import { waitVerb, waitWords } from "../waits/words.ts";
import { countWords, SECOND, timeWords } from "./amounts.ts";

/** Minimum length of a wait that is reported, in nanoseconds. */
const MIN_NS = SECOND;
/** Minimum length in nanoseconds of a wait that is a suspect: more than a working disk or a busy lock takes. */
const SUSPECT_NS = 10n * SECOND;
/**
 * Minimum length in nanoseconds of a reported wait for a child process, which may run as long as it wants. The watchdog
 * khungtaskd reports such a wait after the same time by default.
 */
const PATIENT_MIN_NS = 120n * SECOND;
/** Maximum number of resources that are reported. */
const MAX_GROUPS = 16;

/** Tasks that wait for the same. */
interface Group {
  /** What they wait for, as `waitWords` returns it. */
  readonly words: string;
  readonly tasks: WaitingTask[];
  /** The longest wait in nanoseconds, of the tasks whose time can be read. */
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
    const groups = groupsOf(blocked);
    const long = groups.filter(({ longest, tasks }) => longest >= (isPatient(tasks) ? PATIENT_MIN_NS : MIN_NS));
    for (const { words, tasks, longest } of long.slice(0, MAX_GROUPS)) {
      const [first] = tasks;
      if (!first) continue;
      const evidence = tasks.slice(0, 4).map(taskEvidence);
      yield observed(
        "blocked-tasks",
        longest >= SUSPECT_NS && !isPatient(tasks) ? "suspect" : "note",
        { waitsFor: words, tasks: tasks.length, longest_ns: longest, pids: tasks.map(({ pid }) => pid) },
        [
          { kind: "task", address: first.task.address, pid: first.pid, comm: first.comm },
          tasks.length > 1 ? ` and ${tasks.length - 1} more: each ` : " ",
          words === "" ? "waits" : waitVerb(words),
          `${tasks.length > 1 ? ", the longest" : ""} for at most ${timeWords(longest)}.`,
        ],
        taskEvidence(first),
        ...evidence.slice(1),
      );
    }
    return passedSentence(groups);
  },
};

/** Returns why none of the groups is reported. */
function passedSentence(groups: readonly Group[]): string {
  const count = (some: readonly Group[]): number =>
    some.reduce((sum, { tasks, unread }) => sum + tasks.length - unread, 0);
  const brief = count(groups.filter(({ tasks }) => !isPatient(tasks)));
  const patient = count(groups.filter(({ tasks }) => isPatient(tasks)));
  const unread = groups.reduce((sum, one) => sum + one.unread, 0);
  const parts = [
    ...(brief > 0 ? [`${countWords(brief, "task")} for less than ${timeWords(MIN_NS)}`] : []),
    ...(patient > 0
      ? [`${countWords(patient, "task")} for less than ${timeWords(PATIENT_MIN_NS)} for a child process`]
      : []),
    ...(unread > 0 ? [`${countWords(unread, "task")} for a time that cannot be read`] : []),
  ];
  return parts.length === 0 ? "No task is blocked." : `Blocked: ${parts.join(", ")}.`;
}

/** Returns whether tasks wait for processes that may run as long as they want; the end of a kernel thread is not one. */
const isPatient = (tasks: readonly WaitingTask[]): boolean =>
  tasks.every(
    ({ wait: { resource } }) =>
      resource?.kind === "child" || (resource?.kind === "task exit" && resource.detail !== "kthread"),
  );

const taskEvidence = ({ task, pid, comm, activity, wait }: WaitingTask): Evidence => ({
  kind: "output",
  command: `bt ${pid}`,
  text: `${comm} [${pid}] ${activity === "running" ? "spins" : activity === "stopped" ? "is stopped" : "sleeps"} in ${wait.function ?? "an unknown function"} (task_struct ${task.address.toString(16)})`,
});

/** Groups the tasks by what they wait for, and how. Groups with the longest wait come first. */
function groupsOf(blocked: readonly WaitingTask[]): Group[] {
  const groups = new Map<string, Group>();
  for (const one of blocked) {
    const words = waitWords(one);
    // The words have the mode and the detail, such as a bit or a folio's flag, but not each resource's address.
    const { resource } = one.wait;
    const key = `${words} ${resource?.address ?? ""} ${resource?.mm ?? ""}`;
    const since = attempt(() => sinceArrival(one.task));
    const group = groups.get(key) ?? { words, tasks: [], longest: 0n, unread: 0 };
    groups.set(key, group);
    group.tasks.push(one);
    if (since instanceof Fault) group.unread++;
    else if (since > group.longest) group.longest = since;
  }
  return [...groups.values()].sort((a, b) => (a.longest > b.longest ? -1 : 1));
}
