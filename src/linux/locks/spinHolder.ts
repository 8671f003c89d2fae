/** Describes spinlocks: whether they are locked, and their holder if the lock records it. */
import { attempt, Fault } from "../../base/fault.ts";
import { derived } from "../../model/derived.ts";
import type { Obj } from "../../model/object.ts";
import { cpuTask } from "../sched/cpu.ts";
import { taskAt, taskComm, taskPid } from "../sched/task.ts";
import type { Holder } from "./resource.ts";

/** State of the word of a spinlock. */
interface SpinWord {
  readonly isLocked: boolean;
  /** Number of the CPU that holds it; undefined if the word does not have it. */
  readonly cpu?: number;
  /** Number of CPUs that wait; undefined if the word does not have it. */
  readonly waiters?: number;
  readonly isWaitedFor?: boolean;
}

/** A layout of `arch_spinlock_t`. */
interface SpinLayout {
  /** Whether the lock has this layout. */
  readonly fits: (lock: Obj) => boolean;
  readonly read: (lock: Obj) => SpinWord;
}

/** Returns the state of a ticket lock. Tickets are numbers of 16 bits that wrap. */
const tickets = (owner: number, next: number): SpinWord => {
  const taken = (next - owner) & 0xffff;
  return { isLocked: taken !== 0, waiters: Math.max(0, taken - 1) };
};

const word = (object: Obj): number => Number(BigInt.asUintN(32, object.value()));

const LAYOUTS: readonly SpinLayout[] = [
  // include/asm-generic/qspinlock_types.h
  {
    fits: (lock) => lock.has("val.counter"),
    read: (lock) => {
      const value = word(lock.at("val.counter"));
      return { isLocked: (value & 0xff) !== 0, isWaitedFor: value > 0xff };
    },
  },
  // arch/powerpc/include/asm/qspinlock_types.h: bit 0 is the lock, bits 1 to 14 are the holder's CPU
  {
    fits: (lock) => lock.has("val") && lock.has("locked") && lock.has("reserved"),
    read: (lock) => {
      const value = word(lock.at("val"));
      const isLocked = (value & 1) !== 0;
      return { isLocked, ...(isLocked ? { cpu: (value >>> 1) & 0x3fff } : {}), isWaitedFor: value >>> 17 !== 0 };
    },
  },
  // arch/powerpc/include/asm/simple_spinlock.h: lock_token (0x8000) and paca_index
  {
    fits: (lock) => lock.has("slock") && !lock.has("tickets") && [0, 0x8000].includes(word(lock.at("slock")) >>> 16),
    read: (lock) => {
      const value = word(lock.at("slock"));
      return { isLocked: value !== 0, ...(value >>> 16 === 0x8000 ? { cpu: value & 0xffff } : {}) };
    },
  },
  // arch/arm/include/asm/spinlock_types.h
  {
    fits: (lock) => lock.has("tickets.owner"),
    read: (lock) => tickets(lock.at("tickets.owner").number(), lock.at("tickets.next").number()),
  },
  // include/asm-generic/ticket_spinlock.h: the next ticket in the high half
  {
    fits: (lock) => lock.has("counter"),
    read: (lock) => tickets(word(lock.at("counter")) & 0xffff, word(lock.at("counter")) >>> 16),
  },
  // arch/s390/lib/spinlock.c: the holder's CPU + 1 in the low half, the tail of the queue in the high 12 bits
  {
    fits: (lock) => lock.has("lock"),
    read: (lock) => {
      const value = word(lock.at("lock"));
      const cpu = (value & 0xffff) - 1;
      return { isLocked: cpu >= 0, ...(cpu >= 0 ? { cpu } : {}), isWaitedFor: value >>> 20 !== 0 };
    },
  },
];

/**
 * Whether a lock records its owner (CONFIG_DEBUG_SPINLOCK). SPINLOCK_OWNER_INIT is -1
 * (include/linux/spinlock_types_raw.h).
 */
const hasOwner = (lock: Obj): boolean => lock.has("owner") && lock.has("owner_cpu");

/**
 * The holders of spinlocks whose word does not name one, by the lock's address, as far as the stacks have been searched
 * for them: see insight/waits/spinning.ts.
 */
export const foundSpinHolders = derived("holders of spinlocks", () => new Map<bigint, readonly Holder[]>());

/** Returns `likely held by bash [279]: f on the stack of CPU 1 takes the lock, and ...`; undefined if none was found. */
function foundText({ kernel, address }: Obj): string | undefined {
  const [holder] = foundSpinHolders(kernel).get(address) ?? [];
  const task = holder && attempt(() => taskAt(kernel, holder.task));
  if (!holder || !task || task instanceof Fault) return undefined;
  return `${holder.certainty === "certain" ? "" : holder.certainty === "likely" ? "likely " : "possibly "}held by ${taskName(task)} (${holder.how})`;
}

/** Returns the `raw_spinlock` of a spinlock, which can record the holder, and the word of the architecture in it. */
const rawLock = (object: Obj): { readonly raw: Obj; readonly lock: Obj } => {
  const raw = object.has("rlock") ? object.at("rlock") : object;
  return { raw, lock: raw.has("raw_lock") ? raw.at("raw_lock") : raw };
};

/** Returns the state of the word of a spinlock; undefined for a layout that is not known. @throws Fault */
const stateOf = (lock: Obj): SpinWord | undefined => LAYOUTS.find(({ fits }) => fits(lock))?.read(lock);

/** Returns whether a spinlock is locked; undefined for a layout that is not known. @throws Fault */
export const isSpinLocked = (object: Obj): boolean | undefined => stateOf(rawLock(object).lock)?.isLocked;

/** Returns whether a spinlock is locked and does not record its holder. @throws Fault */
export function isLockedBySomeone(object: Obj): boolean {
  const { raw, lock } = rawLock(object);
  const state = stateOf(lock);
  return state !== undefined && state.isLocked && state.cpu === undefined && !hasOwner(raw);
}

/**
 * Returns the state and the holder of a spinlock: `unlocked`, `locked`, `held by CPU 3, which runs bash [279]`, or the
 * holder that a search of the stacks found. With CONFIG_DEBUG_SPINLOCK the lock records the task. Undefined for a
 * layout that is not known. @param object `struct spinlock`, `struct raw_spinlock` or `arch_spinlock_t` @throws Fault
 */
export function spinlockText(object: Obj): string | undefined {
  const { raw, lock } = rawLock(object);
  const state = stateOf(lock);
  if (!state) return undefined;
  const { isLocked, cpu, waiters = 0, isWaitedFor = false } = state;
  const waiting = waiters > 0 ? `; ${waiters} more wait for it` : isWaitedFor ? "; CPUs wait for it" : "";
  if (!isLocked) return isWaitedFor ? "not locked at this moment; CPUs wait for it" : "unlocked";
  const owner = hasOwner(raw) ? taskAt(object.kernel, raw.at("owner").value()) : undefined;
  if (owner) return `held by ${taskName(owner)} on CPU ${raw.at("owner_cpu").number()}${waiting}`;
  if (cpu === undefined) return `${foundText(lock) ?? "locked"}${waiting}`;
  const task = attempt(() => taskName(cpuTask(object.kernel, cpu)));
  return `held by CPU ${cpu}${task instanceof Fault ? "" : `, which runs ${task}`}${waiting}`;
}

const taskName = (task: Obj<"struct task_struct">): string => `${taskComm(task)} [${taskPid(task)}]`;
