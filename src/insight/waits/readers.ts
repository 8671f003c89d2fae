/** Finds tasks that hold a reader-writer semaphore for reading, from their stacks. */
import { viewOf } from "../../base/bytes.ts";
import { attempt, Fault } from "../../base/fault.ts";
import type { Holder } from "../../linux/locks/resource.ts";
import { taskActivity } from "../../linux/sched/sleeping.ts";
import { sleepingStackPointer } from "../../linux/sched/stack.ts";
import { stackTrace } from "../../linux/sched/stackTrace.ts";
import { taskTable } from "../../linux/sched/task.ts";
import { derived } from "../../model/derived.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import { taskStackRange } from "../../unwind/stacks.ts";
import type { Step } from "../check.ts";
import { mentionTest } from "./mentioned.ts";
import { LOCK_CALLS } from "./lockCalls.ts";
import { codeSymbols, takenIn, takesReading } from "./taken.ts";

/** Readers that were found, by the address of the semaphore. */
const known = derived("readers of semaphores", () => new Map<bigint, readonly Holder[]>());

/** Tasks with a function on their stack that takes semaphores for reading; undefined until they are searched. */
const candidates = derived("tasks that may read semaphores", (): { tasks: readonly Obj[] | undefined } => ({
  tasks: undefined,
}));

/** Maximum number of semaphores whose readers are searched. */
const MAX_SEMAPHORES = 256;

/**
 * Returns the tasks whose stack has a function that has taken a semaphore for reading and not released it. They are only
 * possible holders: the path that the function took is not known. Returns none after `MAX_SEMAPHORES` semaphores.
 * @param lock address of the `rw_semaphore`
 */
export function* readersOf(kernel: Kernel, lock: bigint): Generator<Step, readonly Holder[], void> {
  const found = known(kernel).get(lock);
  if (found) return found;
  if (known(kernel).size >= MAX_SEMAPHORES) return [];
  const state = candidates(kernel);
  const tasks = state.tasks ?? (yield* candidateTasks(kernel));
  state.tasks = tasks;
  const readers: Holder[] = [];
  for (const [done, task] of tasks.entries()) {
    yield { kind: "progress", what: "readers of a semaphore", done, total: tasks.length };
    const reader = yield* readerIn(kernel, task, lock);
    if (reader) readers.push(reader);
  }
  known(kernel).set(lock, readers);
  return readers;
}

function* readerIn(kernel: Kernel, task: Obj, lock: bigint): Generator<Step, Holder | undefined, void> {
  const { frames } = stackTrace(kernel, task);
  const isMentioned = mentionTest(kernel, lock, frames);
  for (const frame of frames) {
    const taken = yield* takenIn(kernel, frame, lock, LOCK_CALLS.read, isMentioned);
    if (!taken) continue;
    const how =
      taken.by === "argument"
        ? `${taken.function} on its stack takes the semaphore for reading and may not have released it yet`
        : `${taken.function} on its stack takes a semaphore for reading, and the stack contains this one's address`;
    return { task: task.address, certainty: "possible", how };
  }
  return undefined;
}

/** Finds the tasks whose stack contains a return address into a function that takes semaphores. */
function* candidateTasks(kernel: Kernel): Generator<Step, readonly Obj[], void> {
  const { tasks } = taskTable(kernel);
  const reading = new Map<bigint, boolean>();
  const isText = textTest(kernel);
  const found: Obj[] = [];
  for (const [done, task] of tasks.entries()) {
    yield { kind: "progress", what: "stacks with readers", done, total: tasks.length };
    const words = attempt(() => stackWordsOf(kernel, task));
    if (words instanceof Fault) continue;
    for (const word of words) {
      if (!isText(word)) continue;
      let reads = reading.get(word);
      if (reads === undefined) {
        // A call can be the last instruction of a function.
        const symbol = kernel.symbols.at(word - 1n);
        reads = symbol !== undefined && (yield* takesReading(kernel, word - 1n));
        reading.set(word, reads);
      }
      if (!reads) continue;
      found.push(task);
      break;
    }
  }
  return found;
}

/** Returns the words of the used part of a task's stack; all words for a running task. @throws Fault */
function stackWordsOf(kernel: Kernel, task: Obj): bigint[] {
  const { start, end } = taskStackRange(kernel, task);
  const activity = taskActivity(task);
  if (activity === "dead" || activity === "unknown") return [];
  const saved = activity === "running" ? start : sleepingStackPointer(task);
  const from = saved >= start && saved < end ? saved : start;
  const { wordSize, byteOrder } = kernel.arch;
  const view = viewOf(kernel.memory.read(from, Number(end - from)));
  const little = byteOrder === "little";
  const words: bigint[] = [];
  for (let at = 0; at + wordSize <= view.byteLength; at += wordSize)
    words.push(wordSize === 8 ? view.getBigUint64(at, little) : BigInt(view.getUint32(at, little)));
  return words;
}

/** Returns a quick test for addresses that can be code: those between the first and the last function. */
function textTest(kernel: Kernel): (address: bigint) => boolean {
  const { first, last } = codeSymbols(kernel);
  const seen = new Map<bigint, boolean>();
  return (address) => {
    if (first < 0n || address < first || address > last + 0x10000n) return false;
    let isText = seen.get(address);
    if (isText === undefined) seen.set(address, (isText = kernel.code.isText(address)));
    return isText;
  };
}
