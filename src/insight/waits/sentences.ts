/** Builds the findings about waiting tasks. */
import { attempt, Fault } from "../../base/fault.ts";
import { isLock, overReleasedText } from "../../linux/locks/resource.ts";
import type { Obj } from "../../model/object.ts";
import type { Evidence } from "../evidence.ts";
import type { Finding, Reference, Sentence, Severity } from "../finding.ts";
import type { WaitRoot } from "./root.ts";
import { type KnownHolder, sinceLastRun, type WaitCycle, type WaitGraph, type WaitingTask } from "./waitGraph.ts";
import { fateSentence, holderWaitWords, relationWords, resourceWords, taskName, waitType, waitVerb, waitWords } from "./words.ts"; // prettier-ignore

const taskReference = ({ task, pid, comm }: WaitingTask): Reference => ({
  kind: "task",
  address: task.address,
  pid,
  comm,
});

const holderReference = ({ task, pid, comm }: Pick<KnownHolder, "task" | "pid" | "comm">): Reference =>
  pid === undefined ? { kind: "address", address: task } : { kind: "task", address: task, pid, comm: comm ?? "?" };

/** Returns what a task waits for, for a sentence: a lock as a link, any other resource in words. */
function resourceReference(one: WaitingTask, words = waitWords(one)): string | Reference {
  const { resource } = one.wait;
  if (!resource?.type || resource.kind === "task exit") return words;
  return { kind: "lock", address: resource.address, type: resource.type, name: words };
}

/** Returns the resource itself, without the mode in which the task wants it. */
const resourceItself = (one: WaitingTask): string | Reference => resourceReference(one, resourceWords(one));

/** Returns the evidence that a task waits for a resource: its frame, and the waiter structure on its stack. */
function waitEvidence({ task, wait }: WaitingTask): Evidence[] {
  const evidence: Evidence[] = [
    { kind: "frame", task: task.address, pc: 0n, text: `#${wait.frame} ${wait.function ?? "?"}` },
  ];
  if (wait.waiter)
    evidence.push({
      kind: "field",
      type: wait.waiter.type,
      address: wait.waiter.address,
      path: wait.waiter.type === "struct wait_queue_entry" ? "private" : "task",
      value: `0x${task.address.toString(16)}`,
    });
  return evidence;
}

/** Returns the fields of the resource that show its holders. */
const stateEvidence = ({ wait }: WaitingTask): Evidence[] =>
  (wait.state?.fields ?? []).map((field) => ({ kind: "field", ...field }));

/** Returns the evidence, or the task itself if there is none, because the evidence of a finding must not be empty. */
function proven(task: Obj, ...parts: readonly (readonly Evidence[])[]): [Evidence, ...Evidence[]] {
  const [first, ...rest] = parts.flat();
  return first ? [first, ...rest] : [{ kind: "task", address: task.address, text: "" }];
}

/** Reports what a task waits for, and since when. */
export function blockedFinding(one: WaitingTask): Finding {
  const { task, pid, wait } = one;
  const since = attempt(() => sinceLastRun(one));
  const seconds = since instanceof Fault ? undefined : Number(since / 100_000_000n) / 10;
  return {
    id: "wait.blocked",
    severity: "note",
    certainty: "certain",
    slots: {
      pid,
      resource: wait.resource?.address,
      type: waitType(wait),
      name: one.name,
      since_ns: since instanceof Fault ? undefined : since.toString(),
    },
    text: [
      taskReference(one),
      wait.resource ? " waits for " : " sleeps ",
      resourceReference(one),
      ...(wait.resource && wait.function !== undefined ? [` in ${wait.function}`] : []),
      ...(wait.state?.note !== undefined && one.holders.length === 0 ? [` (${wait.state.note})`] : []),
      ...(seconds === undefined ? [] : [`; it last got a CPU ${seconds} s before its CPU's clock was last updated`]),
      ".",
    ],
    evidence: proven(task, waitEvidence(one)),
    unknown: wait.unknown === undefined ? [] : [{ what: "what it waits for", because: wait.unknown }],
  };
}

/** Reports the holder of the resource that a task waits for. @param graph has what the holder itself waits for */
export function ownerFinding(one: WaitingTask, holder: KnownHolder, graph: WaitGraph): Finding {
  const fate = fateSentence(holder) ?? sleepSentence(graph, holder);
  return {
    id: "wait.owner",
    severity: "note",
    certainty: holder.certainty,
    slots: { resource: one.wait.resource?.address, pid: holder.pid, task: holder.task },
    text: [
      one.wait.resource?.kind === "task exit" ? taskReference(one) : resourceItself(one),
      isLock(one.wait.resource?.kind) ? " is held by " : " depends on ",
      holderReference(holder),
      `: ${holder.how}`,
      ...(fate === undefined ? [] : [`; ${taskName(holder)} ${fate}`]),
      ".",
    ],
    evidence: proven(one.task, stateEvidence(one)),
  };
}

/** Returns "waits for completion device_done" for a holder that sleeps; undefined for another holder. */
function sleepSentence(graph: WaitGraph, holder: KnownHolder): string | undefined {
  const words = holderWaitWords(graph, holder);
  return words === undefined ? undefined : waitVerb(words);
}

/** Reports a deadlock. */
export function cycleFinding({ tasks, certainty }: WaitCycle, severity: Severity): Finding {
  const words = tasks.flatMap((one, at): Sentence => {
    const next = tasks[(at + 1) % tasks.length] ?? one;
    const itself = next === one ? " itself" : "";
    return [
      at === 0 ? "" : "; ",
      taskReference(one),
      " waits for ",
      resourceReference(one),
      `, ${relationWords(one)} `,
      taskReference(next),
      itself,
    ];
  });
  return {
    id: "wait.cycle",
    severity,
    certainty,
    slots: {
      pids: tasks.map(({ pid }) => pid),
      resources: tasks.flatMap(({ wait }) => wait.resource?.address ?? []),
      names: tasks.map(({ name }) => name ?? ""),
    },
    text: [`Deadlock${certainty === "certain" ? "" : `, if each ${certainty} holder is the holder`}: `, ...words, "."],
    evidence: proven(tasks[0]?.task as Obj, ...tasks.map((one) => [...waitEvidence(one), ...stateEvidence(one)])),
  };
}

/** Reports the task at the end of the chain of waits that begins with a task. */
export function rootFinding(one: WaitingTask, root: WaitRoot, graph: WaitGraph): Finding {
  const rest = sleepSentence(graph, root.holder);
  const state = root.state === "running" || root.state === "runnable" ? "running" : root.state;
  return {
    id: "wait.root",
    severity: "note",
    certainty: root.isCertain ? "certain" : "possible",
    slots: { pid: root.pid, task: root.task, state },
    text: [
      "The chain of waits from ",
      taskReference(one),
      " ends at ",
      holderReference(root),
      root.state === "gone"
        ? ", which is in no list of tasks."
        : root.state === "unknown"
          ? ", whose state is not known."
          : root.state === "dead"
            ? ", which has exited."
            : root.state === "freed"
              ? ", which has exited, and whose task_struct has been freed."
              : rest === undefined
                ? `, which is ${root.state}.`
                : `, which ${rest}.`,
    ],
    evidence: proven(one.task, waitEvidence(one), stateEvidence(one)),
  };
}

/** Reports a lock whose owner has exited, so that no task will release it. */
export function exitedFinding(one: WaitingTask, holder: KnownHolder, severity: Severity): Finding {
  const isNamed = holder.certainty === "certain";
  const isGone = holder.fate.activity === "gone";
  const isSure = isNamed && !isGone;
  const { length } = one.wait.queue;
  return {
    id: "wait.owner-exited",
    severity: isSure ? severity : "note",
    certainty: isSure ? "certain" : "possible",
    slots: { resource: one.wait.resource?.address, pid: holder.pid, task: holder.task, name: one.name },
    text: [
      resourceItself(one),
      isNamed ? " records as its holder " : " may still be held by ",
      holderReference(holder),
      isGone
        ? ", which is in no list of tasks: it has exited, or the lock was overwritten; "
        : `, which ${fateSentence(holder) ?? "has exited"}; `,
      `${length} ${length === 1 ? "task waits" : "tasks wait"} for it.`,
    ],
    evidence: proven(one.task, stateEvidence(one), [{ kind: "task", address: holder.task, text: taskName(holder) }]),
  };
}

/** Reports a free lock all of whose waiters sleep. */
export function lostFinding(one: WaitingTask, severity: Severity): Finding {
  return {
    id: "wait.lost-wakeup",
    severity: severity === "cause" ? "suspect" : "note",
    certainty: "possible",
    slots: { resource: one.wait.resource?.address, pid: one.pid, name: one.name },
    text: [
      resourceItself(one),
      " is free, but all tasks that wait for it sleep and no CPU is about to wake one: a wake-up may have been lost, or memory may have been overwritten.",
    ],
    evidence: proven(one.task, stateEvidence(one), waitEvidence(one)),
  };
}

/** Reports a free lock whose word was overwritten. @param flag the flag that the word lacks */
export function overwrittenFinding(one: WaitingTask, flag: string, severity: Severity): Finding {
  const waiters = one.wait.queue.length;
  return {
    id: "lock.overwritten",
    severity: severity === "cause" ? "cause" : "suspect",
    certainty: "certain",
    slots: { resource: one.wait.resource?.address, pid: one.pid, name: one.name, flag },
    text: [
      resourceItself(one),
      ` is free, but ${waiters === 1 ? "a task waits" : `${waiters} tasks wait`} for it and its word lacks ${flag}, which the kernel keeps set while tasks wait: the word was overwritten, and nothing will wake ${waiters === 1 ? "the waiter" : "the waiters"}.`,
    ],
    evidence: proven(one.task, stateEvidence(one), waitEvidence(one)),
  };
}

/** Reports a lock that was released for reading more often than it was taken. @param readers negative */
export function overReleasedFinding(one: WaitingTask, readers: number, severity: Severity): Finding {
  return {
    id: "lock.over-released",
    severity,
    certainty: "certain",
    slots: { resource: one.wait.resource?.address, readers, name: one.name },
    text: [
      resourceItself(one),
      ` ${overReleasedText(readers)}. No writer can take it, although it may have no holder.`,
    ],
    evidence: proven(one.task, stateEvidence(one), waitEvidence(one)),
  };
}

/** Reports a free lock whose next holder, the given task, has been woken. */
export function wokenFinding(one: WaitingTask, task: Obj, pid: number, comm: string): Finding {
  return {
    id: "wait.woken",
    severity: "note",
    certainty: "certain",
    slots: { resource: one.wait.resource?.address, pid },
    text: [
      resourceItself(one),
      " is unlocked; ",
      { kind: "task", address: task.address, pid, comm },
      " has been woken and has not taken it yet.",
    ],
    evidence: proven(one.task, stateEvidence(one)),
  };
}
