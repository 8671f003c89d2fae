/**
 * Waiters for mutexes, semaphores and reader-writer semaphores. Their structs start with a list, followed by the task.
 */
import { attempt, Fault } from "../../base/fault.ts";
import { hex0x } from "../../base/hex.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import { blocker } from "./blocker.ts";
import type { Found, QueuedTask } from "./resource.ts";
import { objectAddresses, type Sleeper, waiterOf } from "./sleeper.ts";
import { type WaiterRing, waiterRing, type WaiterShape } from "./waiterRing.ts";

/** A kind of lock and the type of its waiters. */
export interface LockShape {
  readonly kind: "mutex" | "rwsem" | "semaphore";
  /** The C type of the lock. */
  readonly type: string;
  readonly waiter: WaiterShape;
}

const waiterShape = (type: string): WaiterShape => ({ type, list: "list", task: "task" });

export const MUTEX: LockShape = { kind: "mutex", type: "struct mutex", waiter: waiterShape("struct mutex_waiter") };
export const RWSEM: LockShape = {
  kind: "rwsem",
  type: "struct rw_semaphore",
  waiter: waiterShape("struct rwsem_waiter"),
};
export const SEMAPHORE: LockShape = {
  kind: "semaphore",
  type: "struct semaphore",
  waiter: waiterShape("struct semaphore_waiter"),
};

/**
 * Returns the lock that a task is queued for: from its waiter's list. If the ring of waiters does not contain the lock,
 * from `task_struct.blocker`, or from the only saved register or word of its stack that leads to a lock with this ring.
 * @throws Fault if the task has no waiter in a list
 */
export function queuedFor(sleeper: Sleeper, shape: LockShape): Found {
  const { kernel, task } = sleeper;
  const recorded = blocker(task);
  const isRing = kernel.object(shape.type, 0n).has("first_waiter");
  const waiter = attempt(() => waiterOf(sleeper, shape.waiter, { mayBeAlone: isRing }));
  if (waiter instanceof Fault) {
    // The kernel's record is sufficient without a waiter.
    if (recorded?.kind !== shape.kind) throw waiter;
    return { resource: { kind: shape.kind, type: shape.type, address: recorded.address }, mode: recorded.mode };
  }
  const about = { waiter: { type: shape.waiter.type, address: waiter.address }, mode: modeOf(shape, waiter) };
  const ring = waiterRing(kernel, shape.waiter, waiter.at(shape.waiter.list).address);
  const lock = isRing
    ? lockAtRing(sleeper, shape, ring, recorded?.kind === shape.kind ? recorded.address : undefined)
    : lockOf(kernel, shape, ring);
  const queue = inOrder(kernel, shape, ring, lock);
  if (recorded?.kind === shape.kind && lock !== undefined && recorded.address !== lock) {
    return {
      ...about,
      queue,
      unknown: `task_struct.${recorded.member} is ${hex0x(recorded.address)}, but the list of waiters leads to ${hex0x(lock)}`,
    };
  }
  const address = lock ?? (recorded?.kind === shape.kind ? recorded.address : undefined);
  if (address === undefined)
    return { ...about, queue, unknown: "the ring of waiters does not contain the lock, and nothing else leads to it" };
  return { ...about, queue, resource: { kind: shape.kind, type: shape.type, address } };
}

/**
 * Returns whether a waiter of an rwsem reads or writes; undefined for other locks. enum rwsem_waiter_type:
 * RWSEM_WAITING_FOR_WRITE is 0, RWSEM_WAITING_FOR_READ 1 (kernel/locking/rwsem.c).
 */
function modeOf({ kind }: LockShape, waiter: Obj): "read" | "write" | undefined {
  if (kind !== "rwsem") return undefined;
  return waiter.at("type").number() === 0 ? "write" : "read";
}

function lockOf(kernel: Kernel, shape: LockShape, { head }: WaiterRing): bigint {
  if (head === undefined) throw Fault.of("corrupt", "the list of waiters has no head");
  return head - kernel.object(shape.type, 0n).at("wait_list").address;
}

/**
 * Returns the lock whose first waiter is in the ring: the one that the kernel recorded, or the only one to which saved
 * registers and words of the stack lead; undefined if they lead to none or to several.
 * Since Linux kernel commits 25500ba7e77c, b9bdd4b68404 and 1ea4b473504b (March 2026) the ring does not contain the
 * lock.
 */
function lockAtRing(
  sleeper: Sleeper,
  shape: LockShape,
  ring: WaiterRing,
  recorded: bigint | undefined,
): bigint | undefined {
  const { kernel } = sleeper;
  const first = kernel.object(shape.type, 0n).at("first_waiter").address;
  const list = kernel.object(shape.waiter.type, 0n).at(shape.waiter.list).address;
  const waiters = new Set(ring.entries.map(({ node }) => node - list));
  // The links of the waiters also point to waiters, but are not locks.
  const links = new Set(ring.entries.flatMap(({ node }) => [node, node + BigInt(kernel.arch.wordSize)]));
  const isLock = (address: bigint): boolean => {
    if (links.has(address + first)) return false;
    const waiter = attempt(() => kernel.memory.word(address + first));
    return !(waiter instanceof Fault) && waiters.has(waiter);
  };
  if (recorded !== undefined && isLock(recorded)) return recorded;
  const found = new Set(objectAddresses(sleeper, sleeper.at + 2).filter(isLock));
  return found.size === 1 ? [...found][0] : undefined;
}

/** Returns the waiters in order. A ring without a head starts with the lock's first waiter. */
function inOrder(
  kernel: Kernel,
  shape: LockShape,
  { head, entries }: WaiterRing,
  lock: bigint | undefined,
): readonly QueuedTask[] {
  if (head !== undefined || lock === undefined) return entries;
  const object = kernel.object(shape.type, lock);
  if (!object.has("first_waiter")) return entries;
  const list = kernel.object(shape.waiter.type, 0n).at(shape.waiter.list).address;
  const first = object.at("first_waiter").value() + list;
  const at = entries.findIndex(({ node }) => node === first);
  return at < 0 ? entries : [...entries.slice(at), ...entries.slice(0, at)];
}
