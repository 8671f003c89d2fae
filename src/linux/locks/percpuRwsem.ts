/** Holders of percpu_rw_semaphores. */
import { attempt, Fault } from "../../base/fault.ts";
import { hex0x } from "../../base/hex.ts";
import { possibleCpus } from "../../kernel/cpumask.ts";
import { perCpuPointee } from "../../kernel/percpu.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import { frozenText } from "../fs/superBlock.ts";
import type { Found, ResourceState } from "./resource.ts";
import { readersText } from "./rwsem.ts";
import { objectAddresses, type Sleeper } from "./sleeper.ts";

const TYPE = "struct percpu_rw_semaphore";

/**
 * Reads the holder of a `percpu_rw_semaphore`. `writer` contains the writer while it waits for the readers to leave.
 * Readers are not recorded, nor is the writer after that (kernel/locking/percpu-rwsem.c). @throws Fault
 */
export function percpuRwsemState(kernel: Kernel, address: bigint): ResourceState {
  const lock = kernel.object(TYPE, address);
  const writer = lock.at("writer.task").value();
  const block = lock.has("block.counter") ? lock.at("block.counter").number() : undefined;
  const fields = [{ type: TYPE, address, path: "writer.task", value: hex0x(writer) }];
  if (block !== undefined) fields.push({ type: TYPE, address, path: "block.counter", value: String(block) });
  if (writer !== 0n) {
    const how = "the writer, which waits for the readers to leave and blocks new readers";
    return { holders: [{ task: writer, certainty: "certain", how }], fields };
  }
  if (block === 0 && readerCount(lock) === 0) return { holders: [], isFree: true, fields };
  return { holders: [], note: frozenText(kernel, address) ?? "the lock does not record its holder", fields };
}

/**
 * Returns how many readers have a lock: the sum of the counts of the CPUs. One of them can be negative, because a
 * reader may release the lock on another CPU than the one on which it took the lock. Undefined if it cannot be read.
 */
function readerCount(lock: Obj): number | undefined {
  const { kernel } = lock;
  const count = attempt(() => {
    const counter = lock.at("read_count");
    return possibleCpus(kernel).reduce((sum, cpu) => sum + perCpuPointee(kernel, counter, cpu).as("int").number(), 0);
  });
  return count instanceof Fault ? undefined : count;
}

/**
 * Whether a percpu_rw_semaphore that a writer has blocked is at an address: its list of waiters is consistent, and
 * `block` is 1. Without this check another word that equals the task's address, such as one of its own stack, would
 * count as `writer`.
 */
function isBlockedLock(kernel: Kernel, address: bigint): boolean {
  const lock = kernel.object(TYPE, address);
  const isBlocked = attempt(() => !lock.has("block.counter") || lock.at("block.counter").number() === 1);
  if (isBlocked !== true) return false;
  const head = ["waiters.head", "waiters.task_list"].find((path) => lock.has(path));
  const word = BigInt(kernel.arch.wordSize);
  const isList = attempt(() => {
    if (head === undefined) return true;
    const node = lock.at(head).address;
    return kernel.memory.word(kernel.memory.word(node) + word) === node;
  });
  return isList === true;
}

/** Returns the readers of a lock as a phrase, with their number if it is known. */
function readersWords(lock: Obj): string {
  const count = readerCount(lock) ?? 0;
  return count > 0 ? `its ${readersText(count)}` : "its readers";
}

/**
 * Returns the lock whose writer waits for its readers to leave: a word of the stack points to a lock whose `writer` is
 * the task. @throws Fault "unknown" if there is no such word
 */
export function percpuWriterWait(sleeper: Sleeper): Found {
  const { kernel, task } = sleeper;
  const writer = kernel.object(TYPE, 0n).at("writer.task").address;
  for (const value of objectAddresses(sleeper, sleeper.at + 1)) {
    if (attempt(() => kernel.memory.word(value + writer)) !== task.address) continue;
    if (!isBlockedLock(kernel, value)) continue;
    return {
      resource: { kind: "percpu_rwsem", type: TYPE, address: value },
      mode: "write",
      state: {
        holders: [],
        note: `waits for ${readersWords(kernel.object(TYPE, value))} to leave, which the lock does not record`,
        fields: [{ type: TYPE, address: value, path: "writer.task", value: hex0x(task.address) }],
      },
    };
  }
  throw Fault.of("unknown", "no word of the stack points to a percpu_rw_semaphore whose writer is the task");
}
