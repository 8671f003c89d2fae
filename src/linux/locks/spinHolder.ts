/** Describes spinlocks: whether they are locked, and their holder if the lock records it. */
import { attempt, Fault } from "../../base/fault.ts";
import { derived } from "../../model/derived.ts";
import type { Obj } from "../../model/object.ts";
import { cpuTask } from "../sched/cpu.ts";
import { commAndPid, taskAt } from "../sched/task.ts";
import { doubtWord, type Holder } from "./resource.ts";
import { rawLock, spinWord } from "./spinWord.ts";

/**
 * Whether a lock records its owner (CONFIG_DEBUG_SPINLOCK). SPINLOCK_OWNER_INIT is -1
 * (include/linux/spinlock_types_raw.h).
 */
const hasOwner = (lock: Obj): boolean => lock.has("owner") && lock.has("owner_cpu");

/**
 * The holders of spinlocks and rwlocks whose word does not name one, by the lock's address, as far as the stacks have
 * been searched for them: see insight/waits/spinning.ts.
 */
export const foundSpinHolders = derived("holders of spinlocks", () => new Map<bigint, readonly Holder[]>());

/** Returns `likely held by bash [279] (f on the stack of CPU 1 takes the lock, and ...)`; undefined if none was found. */
function foundText({ kernel, address }: Obj): string | undefined {
  const [holder] = foundSpinHolders(kernel).get(address) ?? [];
  const task = holder && attempt(() => taskAt(kernel, holder.task));
  if (!holder || !task || task instanceof Fault) return undefined;
  return `${doubtWord(holder)}held by ${commAndPid(task)} (${holder.how})`;
}

/** Returns whether a spinlock is locked; undefined for a layout that is not known. @throws Fault */
export const isSpinLocked = (object: Obj): boolean | undefined => spinWord(rawLock(object).lock)?.isLocked;

/** Returns whether a spinlock is locked and does not record its holder. @throws Fault */
export function isHolderUnrecorded(object: Obj): boolean {
  const { raw, lock } = rawLock(object);
  const state = spinWord(lock);
  return state !== undefined && state.isLocked && state.cpu === undefined && !hasOwner(raw);
}

/**
 * Returns the state and the holder of a spinlock: `unlocked`, `locked`, `held by CPU 3, which runs bash [279]`, or the
 * holder that a search of the stacks found. With CONFIG_DEBUG_SPINLOCK the lock records the task. Undefined for a
 * layout that is not known. @param object `struct spinlock`, `struct raw_spinlock` or `arch_spinlock_t` @throws Fault
 */
export function spinlockText(object: Obj): string | undefined {
  const { raw, lock } = rawLock(object);
  const state = spinWord(lock);
  if (!state) return undefined;
  const { isLocked, cpu, waiters = 0, isWaitedFor = false } = state;
  const waiting = waiters > 0 ? `; ${waiters} more wait for it` : isWaitedFor ? "; CPUs wait for it" : "";
  if (!isLocked) return isWaitedFor ? "not locked at this moment; CPUs wait for it" : "unlocked";
  const owner = hasOwner(raw) ? taskAt(object.kernel, raw.at("owner").value()) : undefined;
  if (owner) return `held by ${commAndPid(owner)} on CPU ${raw.at("owner_cpu").number()}${waiting}`;
  if (cpu === undefined) return `${foundText(lock) ?? "locked"}${waiting}`;
  const task = attempt(() => commAndPid(cpuTask(object.kernel, cpu)));
  return `held by CPU ${cpu}${task instanceof Fault ? "" : `, which runs ${task}`}${waiting}`;
}
