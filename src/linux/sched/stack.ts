import { attempt, Fault } from "../../base/fault.ts";
import { derived } from "../../model/derived.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import { taskStackRange, threadSize } from "../../unwind/stacks.ts";
import { taskTable } from "./task.ts";

const stackOwners = derived("stack owners", (kernel) => {
  const map = new Map<bigint, Obj<"struct task_struct">>();
  for (const task of taskTable(kernel).tasks) {
    const range = attempt(() => taskStackRange(kernel, task));
    // A task whose page is missing owns no stack that we could know of.
    if (!(range instanceof Fault)) map.set(range.start, task);
  }
  return map;
});

/** The task on whose kernel stack `address` lies. */
export function stackOwner(kernel: Kernel, address: bigint): Obj<"struct task_struct"> | undefined {
  const owners = stackOwners(kernel);
  // Stacks are aligned to their size.
  return owners.get(address & ~BigInt(threadSize(kernel) - 1));
}

/** The word that the kernel keeps at the far end of every task's stack (include/uapi/linux/magic.h). */
export const STACK_END_MAGIC = 0x57ac6e9dn;

/**
 * The kernel stack pointer that a task saved when it last gave up its CPU; meaningless for one that was running.
 * @throws Fault unknown for an architecture whose `thread_struct` keeps it elsewhere
 */
export function sleepingStackPointer(task: Obj<"struct task_struct">): bigint {
  // x86: thread.sp; arm64: thread.cpu_context.sp; s390: thread.ksp; arm: the saved registers of thread_info.
  for (const path of ["thread.sp", "thread.cpu_context.sp", "thread.ksp", "thread_info.cpu_context.sp"]) {
    if (task.has(path)) return task.at(path).value();
  }
  throw Fault.of("unknown", "where this architecture keeps a sleeping task's stack pointer is not known");
}
