/** Words for waiting tasks, for sentences and for tables. */
import { attempt } from "../../base/fault.ts";
import { hex } from "../../base/hex.ts";
import { doubtWord, isLock, type Wait } from "../../linux/locks/resource.ts";
import { taskState } from "../../linux/sched/taskState.ts";
import { firstHolder } from "./root.ts";
import type { KnownHolder, WaitGraph, WaitingTask } from "./waitGraph.ts";

/**
 * Returns the kind of a resource and the mode of the request: `rwsem-write`, `mutex`; undefined if the resource is not
 * known.
 */
export const waitType = ({ resource, mode }: Wait): string | undefined =>
  resource && (mode === undefined ? resource.kind : `${resource.kind}-${mode}`).replaceAll(" ", "-");

/** Returns `bash [279]`. */
export const taskName = ({
  pid,
  comm,
}: {
  readonly pid: number | undefined;
  readonly comm: string | undefined;
}): string => (pid === undefined ? "a task that cannot be read" : `${comm ?? "?"} [${pid}]`);

/**
 * Returns `mutex cgroup_mutex` or `rwsem namespace_sem for writing`; only the function if the resource is not known.
 */
export function waitWords({ wait, name }: WaitingTask): string {
  const { resource, mode } = wait;
  if (!resource) return wait.function === undefined ? "" : `in ${wait.function}`;
  const { kind, detail, phrase } = resource;
  if (phrase !== undefined) return phrase;
  if (kind === "task exit") return detail === "kthread" ? "the end of a kernel thread" : "its vfork child";
  if (kind === "grace period") return `${detail ?? ""} grace period`.trim();
  const wanted = mode === "read" ? " for reading" : mode === "write" ? " for writing" : "";
  return `${kind} ${name ?? hex(resource.address)}${wanted}`;
}

/** Returns `rwsem namespace_sem`, without the mode in which the task wants it. */
export const resourceWords = (one: WaitingTask): string =>
  waitWords(isLock(one.wait.resource?.kind) ? { ...one, wait: { ...one.wait, mode: undefined } } : one);

/** Returns the heading of a cycle of waiting tasks. The Waits page has the same words. */
export const cycleHeading = (certainty: KnownHolder["certainty"]): string =>
  certainty === "certain"
    ? "Deadlock"
    : certainty === "likely"
      ? "Likely deadlock, if each likely holder is the holder"
      : "Possible deadlock, if each possible holder is the holder";

/**
 * Returns the state of a holder as a verb phrase: "is running on CPU 2", "has exited"; undefined if it sleeps or its
 * state is not known.
 */
export function fateSentence(holder: KnownHolder): string | undefined {
  const words = fateWords(holder);
  return words && (words.startsWith("exited") ? `has ${words}` : `is ${words}`);
}

/** Returns how a resource relates to its holder: a lock is held, other resources depend on a task. */
export const relationWords = ({ wait }: WaitingTask): string =>
  isLock(wait.resource?.kind) ? "held by" : "which depends on";

/** Returns the same with the doubt whether a task is the holder: "likely held by". */
export function relationTo(holder: WaitingTask, waiting: WaitingTask): string {
  const found = waiting.holders.find(({ task }) => task === holder.task.address);
  return `${found ? doubtWord(found) : "possibly "}${relationWords(waiting)}`;
}

/**
 * Returns the state of a holder that does not sleep: "running on CPU 2", "exited"; undefined for others, and if the
 * state is not known.
 */
export function fateWords({ fate }: KnownHolder): string | undefined {
  switch (fate.activity) {
    case "running":
      return `running on CPU ${fate.cpu ?? "?"}`;
    case "runnable":
      return "runnable";
    case "stopped":
      return "stopped";
    case "dead":
      return "exited";
    case "freed":
      return "exited, and its task_struct has been freed";
    case "gone":
      return "in no list of tasks";
    case "sleeping":
    case "unknown":
      return undefined;
  }
}

/**
 * Returns what a holder in interruptible sleep waits for, as in "completion device_done" or "in msleep". Undefined for other
 * holders, because those that sleep are in the list of blocked tasks themselves.
 */
export function holderWaitWords({ tasks }: WaitGraph, { task }: Pick<KnownHolder, "task">): string | undefined {
  const own = tasks.get(task);
  if (!own || attempt(() => taskState(own.task)) !== "IN") return undefined;
  const words = waitWords(own);
  return words === "" ? undefined : words;
}

/**
 * Returns `bash [279]` or `possibly bash [284]`; without a holder, the note of the resource or why it is not known.
 * @param graph if given, a holder in interruptible sleep, which is not in the list of blocked tasks, comes with what it
 * waits for
 */
export function heldBy(waiting: WaitingTask, graph?: WaitGraph): string | undefined {
  const first = firstHolder(waiting);
  if (!first) return holderless(waiting);
  const fate = fateWords(first);
  const more = waiting.holders.length > 1 ? ` and ${waiting.holders.length - 1} more` : "";
  const waits = graph && holderWaitWords(graph, first);
  const rest = fate === undefined ? (waits === undefined ? "" : `, which ${waitVerb(waits)}`) : `, ${fate}`;
  return `${doubtWord(first)}${taskName(first)}${rest}${more}`;
}

/** Returns "waits for completion device_done" or "sleeps in msleep". */
export const waitVerb = (words: string): string => (words.startsWith("in ") ? `sleeps ${words}` : `waits for ${words}`);

function holderless({ wait }: WaitingTask): string | undefined {
  if (wait.state?.isFree) return "nobody";
  return wait.state?.note ?? wait.unknown;
}
