import { Fault } from "../base/fault.ts";
import { sizeOf } from "../debuginfo/ctype.ts";
import type { Kernel } from "../model/kernel.ts";
import type { Obj } from "../model/object.ts";
import { taskTable } from "./task.ts";

/** A kernel stack. */
export interface StackRange {
  /** Lowest address. */
  readonly base: bigint;
  /** Bytes. */
  readonly size: number;
}

/** Bytes of a task's kernel stack, THREAD_SIZE: the size of `union thread_union`, which holds one. */
export function threadSize(kernel: Kernel): number {
  return kernel.memo("THREAD_SIZE", () => {
    const union = kernel.types.find("union", "thread_union");
    const size = union ? sizeOf(union) : 0;
    // A stack is a power of two; anything else is no stack.
    return size >= 4096 && (size & (size - 1)) === 0 ? size : kernel.arch.threadSize;
  });
}

/** The task's own kernel stack. @throws Fault unmapped for a task that has given its stack back (an old zombie) */
export function taskStack(task: Obj): StackRange {
  const base = task.at("stack").value();
  if (base === 0n) throw Fault.of("unmapped", "the task has no kernel stack any more");
  return { base, size: threadSize(task.kernel) };
}

export const stackHolds = ({ base, size }: StackRange, address: bigint): boolean =>
  address >= base && address < base + BigInt(size);

/** The task on whose kernel stack `address` lies. */
export function stackOwner(kernel: Kernel, address: bigint): Obj | undefined {
  const bases = kernel.memo("stack bases", () => {
    const map = new Map<bigint, Obj>();
    for (const task of taskTable(kernel).tasks) {
      try {
        map.set(taskStack(task).base, task);
      } catch (error) {
        // A task whose page is missing owns no stack that we could know of.
        if (!(error instanceof Fault)) throw error;
      }
    }
    return map;
  });
  // Stacks are aligned to their size, but for kernels without VMAP_STACK and odd sizes that have none.
  return bases.get(address & ~BigInt(threadSize(kernel) - 1));
}

/** The word that the kernel keeps at the far end of every task's stack (include/uapi/linux/magic.h). */
export const STACK_END_MAGIC = 0x57ac6e9dn;

/**
 * The kernel stack pointer that a task saved when it last gave up its CPU; meaningless for one that was running.
 * @throws Fault unknown for an architecture whose `thread_struct` keeps it elsewhere
 */
export function sleepingStackPointer(task: Obj): bigint {
  // x86: thread.sp; arm64: thread.cpu_context.sp; s390: thread.ksp; arm: the saved registers of thread_info.
  for (const path of ["thread.sp", "thread.cpu_context.sp", "thread.ksp", "thread_info.cpu_context.sp"]) {
    if (task.has(path)) return task.at(path).value();
  }
  throw Fault.of("unknown", "where this architecture keeps a sleeping task's stack pointer is not known");
}
