/** The state of spinlocks and rwlocks for which CPUs spin, and the queue of these CPUs. */
import { sizeOf } from "../../debuginfo/ctype.ts";
import { Fault } from "../../base/fault.ts";
import { hex0x } from "../../base/hex.ts";
import { possibleCpus } from "../../kernel/cpumask.ts";
import { perCpuVariable } from "../../kernel/percpu.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import { overReleasedText, type ReadField } from "./resource.ts";
import { archLockAt, hasQueue, spinWord, wordField } from "./spinWord.ts";

export type SpinKind = "spinlock" | "rwlock";

export interface SpinState {
  /** Whether the lock is held, or CPUs wait for it. */
  readonly isTaken: boolean;
  /** A phrase about what the word says of the holder. */
  readonly note: string | undefined;
  /** The CPU that holds the lock; undefined if the word does not have it. */
  readonly cpu?: number | undefined;
  readonly fields: readonly ReadField[];
}

// include/asm-generic/qrwlock.h
const _QW_WAITING = 0x100;
const _QW_WMASK = 0x1ff;
const _QW_LOCKED = 0xff;
const _QR_SHIFT = 9;

/** Reads the word of a lock. @throws Fault */
export const spinState = (kernel: Kernel, kind: SpinKind, address: bigint): SpinState =>
  kind === "spinlock" ? spinlockState(kernel, address) : rwlockState(kernel, address);

function spinlockState(kernel: Kernel, address: bigint): SpinState {
  const lock = archLockAt(kernel, address);
  const [state, field] = [spinWord(lock), wordField(lock)];
  if (!state || !field) throw Fault.at("unknown", address, "the layout of arch_spinlock_t is not known");
  const { isLocked, waiters = 0, isWaitedFor = false, cpu } = state;
  const note = isLocked ? undefined : "not locked at this moment; CPUs wait for it";
  return { isTaken: isLocked || isWaitedFor || waiters > 0, note, cpu, fields: [field] };
}

function rwlockState(kernel: Kernel, address: bigint): SpinState {
  const word = Number(BigInt.asUintN(32, kernel.object("unsigned int", address).value()));
  const fields = [{ type: "struct qrwlock", address, path: "cnts.counter", value: hex0x(BigInt(word)) }];
  const readers = (word | 0) >> _QR_SHIFT;
  const isWritten = (word & _QW_LOCKED) === _QW_LOCKED;
  const isWaitedFor = (word & _QW_WMASK) === _QW_WAITING;
  const note = isWritten
    ? "held by a writer"
    : readers < 0
      ? `it ${overReleasedText(readers)}`
      : isWaitedFor
        ? `readers: ${readers}; a writer waits`
        : `readers: ${readers}`;
  return { isTaken: word !== 0, note, fields };
}

/** A CPU in the queue of a spinlock. */
export interface QueuedCpu {
  readonly cpu: number;
  /** Address of its `struct mcs_spinlock`. */
  readonly node: bigint;
}

/**
 * Number of queue nodes of a CPU: one for each nesting level, which are task, softirq, interrupt and NMI
 * (kernel/locking/qspinlock.c).
 */
const MAX_NODES = 4;
/**
 * Kernels for at least this number of CPUs have a pending bit instead of a byte
 * (include/asm-generic/qspinlock_types.h).
 */
const PENDING_BIT_CPUS = 16 * 1024;

/**
 * Returns the CPUs in the queue of a spinlock, first in line first. The word of the lock names the last one; each node
 * of the queue points to the next (kernel/locking/qspinlock.c). The nodes are per-CPU `qnodes`, before v5.0 `mcs_nodes`.
 * A node keeps its `next` after its use; `count` of a CPU's first node is the number of those in use. @throws Fault
 */
export function spinQueue(kernel: Kernel, address: bigint): readonly QueuedCpu[] {
  if (!hasQueue(archLockAt(kernel, address))) return [];
  const word = Number(BigInt.asUintN(32, kernel.object("unsigned int", address).value()));
  const cpus = sizeOf(kernel.types.named("struct cpumask")) * 8;
  const shift = cpus < PENDING_BIT_CPUS ? 16 : 9;
  const tail = word >>> shift;
  if (tail === 0) return [];
  const [level, cpu] = [tail & (MAX_NODES - 1), (tail >>> 2) - 1];
  const name = ["qnodes", "mcs_nodes"].find((one) => kernel.hasVariable(one));
  if (name === undefined) throw Fault.of("unknown", "no per-CPU variable qnodes or mcs_nodes");
  const nodesOf = (one: number): Obj => perCpuVariable(kernel, name, one);
  const nodeOf = (one: number, at: number): bigint => nodesOf(one).index(at).address;
  const before = new Map<bigint, QueuedCpu>();
  for (const one of possibleCpus(kernel)) {
    const used = kernel.object("struct mcs_spinlock", nodeOf(one, 0)).at("count").number();
    for (let at = 0; at < Math.min(used, MAX_NODES); at++) {
      const node = nodeOf(one, at);
      const next = kernel.memory.word(node);
      if (next !== 0n) before.set(next, { cpu: one, node });
    }
  }
  const queue: QueuedCpu[] = [{ cpu, node: nodeOf(cpu, level) }];
  const seen = new Set<bigint>();
  for (let first = queue[0]; first && !seen.has(first.node); first = before.get(first.node)) {
    seen.add(first.node);
    if (first !== queue[0]) queue.unshift(first);
  }
  return queue;
}
