/** Holders of reader-writer semaphores. */
import { attempt, Fault } from "../../base/fault.ts";
import { hex0x } from "../../base/hex.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import { rtMutexState, unsignedWord } from "./mutex.ts";
import { type Found, overReleasedText, type ReadField, type ResourceState } from "./resource.ts";
import { callers, objectAddresses, type Sleeper } from "./sleeper.ts";

// kernel/locking/rwsem.c since v5.3
const RWSEM_READER_OWNED = 1n;
/** Mask of the flags in `owner`, with a second flag for writers of v5.3 to v5.10. */
const RWSEM_OWNER_FLAGS = 7n;
const RWSEM_WRITER_LOCKED = 1n;
/**
 * Whether `owner` is RWSEM_OWNER_UNKNOWN, which is -1 or -2 as a word. Before v5.7 percpu_rwsem_release() writes it when
 * the writer leaves the lock taken, as for a frozen file system.
 */
const isUnknownOwner = (kernel: Kernel, word: bigint): boolean => word >= (1n << BigInt(kernel.arch.wordSize * 8)) - 2n;
const RWSEM_READER_SHIFT = 8n;

/**
 * Reads the holder of a `struct rw_semaphore`: its writer, or the last task that took it for reading, which may have
 * released it again. Other readers are not recorded.
 * `count` and `owner` have this layout since Linux kernel commits 64489e78004c and 94a9717b3c40 ("locking/rwsem:
 * Implement a new locking scheme", "Make rwsem->owner an atomic_long_t") (in v5.3). @throws Fault
 */
export function rwsemState(kernel: Kernel, address: bigint): ResourceState {
  const rwsem = kernel.object("struct rw_semaphore", address);
  const type = "struct rw_semaphore";
  if (rwsem.has("rwbase")) return rwbaseState(rwsem.at("rwbase"));
  if (!rwsem.has("owner.counter")) return oldState(rwsem);
  const [count, word] = [unsignedWord(rwsem.at("count.counter")), unsignedWord(rwsem.at("owner.counter"))];
  const fields = [
    { type, address, path: "count.counter", value: hex0x(count) },
    { type, address, path: "owner.counter", value: hex0x(word) },
  ];
  const task = word & ~RWSEM_OWNER_FLAGS;
  const isReader = (word & RWSEM_READER_OWNED) !== 0n;
  if ((count & RWSEM_WRITER_LOCKED) !== 0n) {
    // The writer sets `owner` after this bit and clears it before the bit (rwsem_set_owner, __up_write).
    if (isReader || task === 0n || isUnknownOwner(kernel, word))
      return { holders: [], note: "locked for writing, but the writer is not recorded", fields };
    return { holders: [{ task, certainty: "certain", how: "writer, rw_semaphore.owner" }], fields };
  }
  const readers = BigInt.asIntN(kernel.arch.wordSize * 8, count) >> RWSEM_READER_SHIFT;
  if (readers < 0n) return overReleased(Number(readers), fields);
  if (readers === 0n) return { holders: [], isFree: true, fields };
  const note = `held by ${readersText(Number(readers))}, which the lock does not record`;
  if (!isReader || task === 0n) return { holders: [], note, fields };
  const how = "the last task that took it for reading; it may have released it again";
  return { holders: [{ task, certainty: "possible", how }], note, fields };
}

/** Returns the state of a lock that counts fewer readers than none. No holder is known, and no writer can take it. */
const overReleased = (readers: number, fields: readonly ReadField[]): ResourceState => ({
  holders: [],
  readers,
  note: `it ${overReleasedText(readers)}`,
  fields,
});

/**
 * Reads the holder before v5.3. A reader sets the lowest bit of `owner`; since v5.1 with its task, before with nothing
 * else.
 */
function oldState(rwsem: Obj<"struct rw_semaphore">): ResourceState {
  const type = "struct rw_semaphore";
  if (!rwsem.has("owner"))
    return { holders: [], note: "this kernel does not record the owner of the rw_semaphore", fields: [] };
  const word = rwsem.at("owner").value();
  const task = word & ~RWSEM_OWNER_FLAGS;
  const fields = [{ type, address: rwsem.address, path: "owner", value: hex0x(word) }];
  if (isUnknownOwner(rwsem.kernel, word))
    return { holders: [], note: "locked for writing, but the writer is not recorded", fields };
  if (task === 0n) return { holders: [], note: "not held by a writer; readers are not recorded", fields };
  if ((word & 1n) !== 0n)
    return { holders: [{ task, certainty: "possible", how: "the last task that took it for reading" }], fields };
  return { holders: [{ task, certainty: "certain", how: "writer, rw_semaphore.owner" }], fields };
}

/** kernel/locking/rwbase_rt.c: readers may enter. */
const READER_BIAS = 1 << 31;
/** kernel/locking/rwbase_rt.c: a writer has the lock. */
const WRITER_BIAS = 1 << 30;

/**
 * Reads the holder of the reader-writer lock of PREEMPT_RT, which a `struct rw_semaphore` and an `rwlock_t` begin with.
 * A writer has the rt_mutex from when it waits for the readers to leave (kernel/locking/rwbase_rt.c). @throws Fault
 */
function rwbaseState(rwbase: Obj<"struct rwbase_rt">): ResourceState {
  const { count, readers } = readersOf(rwbase);
  const own = rtMutexState(rwbase.at("rtmutex"));
  if (readers === 0) return own;
  const fields = [...own.fields, { type: "struct rwbase_rt", address: rwbase.address, path: "readers.counter", value: String(count) }]; // prettier-ignore
  if (readers < 0) return { ...overReleased(readers, fields), holders: own.holders };
  const note = `held by ${readersText(readers)}, which the lock does not record`;
  if (count < 0) return { holders: own.holders, note, fields };
  const how = `the writer, which waits for ${readersText(readers)} to leave and blocks new readers`;
  return { holders: own.holders.map((one) => ({ ...one, how })), note, fields };
}

/**
 * Returns the word of the readers, and how many readers have the lock; negative if more left than entered, so that the
 * word passed its smallest value. @throws Fault
 */
function readersOf(rwbase: Obj<"struct rwbase_rt">): { readonly count: number; readonly readers: number } {
  const count = rwbase.at("readers.counter").number();
  if (count > WRITER_BIAS) return { count, readers: count + READER_BIAS };
  return { count, readers: count < 0 ? count - READER_BIAS : count === WRITER_BIAS ? 0 : count };
}

/** Whether a task has the rt_mutex, blocks new readers and waits for readers to leave. @throws Fault */
function waitsForReaders(rwbase: Obj<"struct rwbase_rt">, task: bigint): boolean {
  const { count, readers } = readersOf(rwbase);
  return count > 0 && readers > 0 && rtMutexState(rwbase.at("rtmutex")).holders.some((holder) => holder.task === task);
}

/** Returns `1 reader`, `3 readers`. */
export const readersText = (count: number): string => `${count} ${count === 1 ? "reader" : "readers"}`;

/** Whether a `struct rw_semaphore` is the reader-writer lock of PREEMPT_RT. */
export const isRwbase = (kernel: Kernel): boolean => kernel.object("struct rw_semaphore", 0n).has("rwbase");

/**
 * Returns the reader-writer lock of PREEMPT_RT, an rw_semaphore or an rwlock_t, whose writer waits for the readers to
 * leave: a saved register or a word of the stack leads to a lock whose rt_mutex the task owns and that has readers.
 * @throws Fault "unknown" if not exactly one lock is found
 */
export function rwbaseWriterWait(sleeper: Sleeper): Found {
  const { kernel, task } = sleeper;
  const rwbaseAt = (address: bigint): Obj<"struct rwbase_rt"> => kernel.object("struct rwbase_rt", address);
  const isWaitedFor = (address: bigint): boolean =>
    attempt(() => waitsForReaders(rwbaseAt(address), task.address)) === true;
  const [address, ...more] = new Set(objectAddresses(sleeper, sleeper.at + 2).filter(isWaitedFor));
  if (address === undefined || more.length > 0)
    throw Fault.of("unknown", "not exactly one lock is found that the task owns and whose readers it can wait for");
  const { fields } = rwbaseState(rwbaseAt(address));
  // kernel/locking/spinlock_rt.c: rt_write_lock(), rt_write_lock_nested()
  const isRwlock = callers(sleeper, 2).some((name) => name.startsWith("rt_write_lock"));
  return {
    resource: isRwlock
      ? { kind: "rwlock", type: "struct rwbase_rt", address }
      : { kind: "rwsem", type: "struct rw_semaphore", address },
    mode: "write",
    state: { holders: [], note: "waits for its readers to leave, which the lock does not record", fields },
  };
}
