/** The word of a spinlock, in the layouts of the architectures. */
import { Fault } from "../../base/fault.ts";
import { hex0x } from "../../base/hex.ts";
import { bare } from "../../debuginfo/ctype.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import type { ReadField } from "./resource.ts";

/** State of the word of a spinlock. */
export interface SpinWord {
  readonly isLocked: boolean;
  /** Number of the CPU that holds it; undefined if the word does not have it. */
  readonly cpu?: number;
  /** Number of CPUs that wait; undefined if the word does not have it. */
  readonly waiters?: number;
  /** Whether CPUs wait, for a word that does not have their number. */
  readonly isWaitedFor?: boolean;
}

/** A layout of `arch_spinlock_t`. */
interface SpinLayout {
  /** Whether the lock has this layout. */
  readonly fits: (lock: Obj) => boolean;
  /** Path of the member that is the word. */
  readonly path: string;
  readonly read: (value: number, lock: Obj) => SpinWord;
}

/** Returns the state of a ticket lock. Tickets are numbers of 16 bits that wrap. */
const tickets = (owner: number, next: number): SpinWord => {
  const taken = (next - owner) & 0xffff;
  return { isLocked: taken !== 0, waiters: Math.max(0, taken - 1) };
};

/** Returns the state of a word with the next ticket in its high half (include/asm-generic/ticket_spinlock.h). */
const ticketWord = (value: number): SpinWord => tickets(value & 0xffff, value >>> 16);

/**
 * Whether a kernel with CONFIG_RISCV_COMBO_SPINLOCKS uses its qspinlocks as ticket locks: it disables the static key
 * qspinlock_key on a machine without the instructions for queues (arch/riscv/kernel/setup.c). `enabled` is the first
 * member of a static key.
 */
function usesTickets({ symbols, memory }: Kernel): boolean {
  const key = symbols.find("qspinlock_key");
  return key !== undefined && memory.u32(key.address) === 0;
}

const LAYOUTS: readonly SpinLayout[] = [
  // include/asm-generic/qspinlock_types.h
  {
    fits: (lock) => lock.has("val.counter"),
    path: "val.counter",
    read: (value, { kernel }) =>
      usesTickets(kernel) ? ticketWord(value) : { isLocked: (value & 0xff) !== 0, isWaitedFor: value > 0xff },
  },
  // arch/powerpc/include/asm/qspinlock_types.h: bit 0 is the lock, bits 1 to 14 are the holder's CPU
  {
    fits: (lock) => lock.has("val") && lock.has("locked") && lock.has("reserved"),
    path: "val",
    read: (value) => {
      const isLocked = (value & 1) !== 0;
      return { isLocked, ...(isLocked ? { cpu: (value >>> 1) & 0x3fff } : {}), isWaitedFor: value >>> 17 !== 0 };
    },
  },
  // arch/powerpc/include/asm/simple_spinlock.h: lock_token (0x8000) and paca_index
  {
    fits: (lock) => lock.has("slock") && !lock.has("tickets") && [0, 0x8000].includes(word(lock.at("slock")) >>> 16),
    path: "slock",
    read: (value) => ({ isLocked: value !== 0, ...(value >>> 16 === 0x8000 ? { cpu: value & 0xffff } : {}) }),
  },
  // arch/arm/include/asm/spinlock_types.h
  {
    fits: (lock) => lock.has("slock") && lock.has("tickets.owner"),
    path: "slock",
    read: (_, lock) => tickets(lock.at("tickets.owner").number(), lock.at("tickets.next").number()),
  },
  { fits: (lock) => lock.has("counter"), path: "counter", read: ticketWord },
  // arch/s390/lib/spinlock.c: the holder's CPU + 1 in the low half, the tail of the queue in the high 12 bits
  {
    fits: (lock) => lock.has("lock"),
    path: "lock",
    read: (value) => {
      const cpu = (value & 0xffff) - 1;
      return { isLocked: cpu >= 0, ...(cpu >= 0 ? { cpu } : {}), isWaitedFor: value >>> 20 !== 0 };
    },
  },
];

const word = (object: Obj): number => Number(BigInt.asUintN(32, object.value()));

/** Returns the state of the word of a spinlock; undefined for a layout that is not known. @throws Fault */
export function spinWord(lock: Obj): SpinWord | undefined {
  const layout = LAYOUTS.find(({ fits }) => fits(lock));
  return layout?.read(word(lock.at(layout.path)), lock);
}

/** Returns the `raw_spinlock` of a spinlock, which can record the holder, and the word of the architecture in it. */
export function rawLock(object: Obj): { readonly raw: Obj; readonly lock: Obj } {
  const raw = object.has("rlock") ? object.at("rlock") : object;
  return { raw, lock: raw.has("raw_lock") ? raw.at("raw_lock") : raw };
}

/** Returns the `arch_spinlock_t` at the address of a spinlock. @throws Fault if the kernel's types do not have it */
export function archLockAt(kernel: Kernel, address: bigint): Obj {
  const type = ["raw_spinlock", "qspinlock"].find((name) => kernel.types.find("struct", name));
  if (type === undefined) throw Fault.of("unknown", "no type struct raw_spinlock or struct qspinlock");
  return rawLock(kernel.object(`struct ${type}`, address)).lock;
}

/** Returns the word of a lock as a member that was read; undefined for a layout that is not known. @throws Fault */
export function wordField(lock: Obj): ReadField | undefined {
  const layout = LAYOUTS.find(({ fits }) => fits(lock));
  if (!layout) return undefined;
  const type = bare(lock.type);
  const name = type.kind === "struct" ? type.name : undefined;
  const value = hex0x(BigInt(word(lock.at(layout.path))));
  return name === undefined
    ? { type: "struct raw_spinlock", address: lock.address, path: `raw_lock.${layout.path}`, value }
    : { type: `struct ${name}`, address: lock.address, path: layout.path, value };
}

/** Whether a lock has the queue of kernel/locking/qspinlock.c. @throws Fault */
export const hasQueue = (lock: Obj): boolean => lock.has("val.counter") && !usesTickets(lock.kernel);
