/** The tasks that kernel stacks belong to. */
import { attempt, Fault } from "../../base/fault.ts";
import { derived } from "../../model/derived.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import { taskStackRange, threadSize } from "../../unwind/stacks.ts";
import { taskStack, taskTable } from "./task.ts";

const tasksByStack = derived("tasks by stack", (kernel) => {
  const map = new Map<bigint, Obj<"struct task_struct">>();
  for (const task of taskTable(kernel).tasks) {
    const start = attempt(() => taskStack(task));
    // If the `task_struct` cannot be read, its stack is not known.
    if (!(start instanceof Fault) && start !== 0n) map.set(start, task);
  }
  return map;
});

/** Returns the task whose kernel stack contains `address`; undefined if none does. */
export function taskOfStack(kernel: Kernel, address: bigint): Obj<"struct task_struct"> | undefined {
  const byStack = tasksByStack(kernel);
  // Stacks are aligned to their size.
  return byStack.get(address & ~BigInt(threadSize(kernel) - 1));
}

/** The word at the last usable position of every task's stack (include/uapi/linux/magic.h). */
export const STACK_END_MAGIC = 0x57ac6e9dn;

/** Returns the address of that word: the start of the stack, or behind the `thread_info` that is there. @throws Fault */
export function endOfStack(task: Obj): bigint {
  const { kernel } = task;
  const { start } = taskStackRange(kernel, task);
  return task.has("thread_info") ? start : start + BigInt(kernel.object("struct thread_info", 0n).size);
}

/**
 * Returns the kernel stack pointer that a task saved when it was last switched out; for a running task it has no
 * meaning. @throws Fault "unknown" if its location is not known for this architecture
 */
export function sleepingStackPointer(task: Obj<"struct task_struct">): bigint {
  // x86, riscv: thread.sp; arm64: thread.cpu_context.sp; s390, powerpc: thread.ksp; arm: the saved registers of
  // thread_info; LoongArch and MIPS: the number of the register.
  const paths = ["thread.sp", "thread.cpu_context.sp", "thread.ksp", "thread_info.cpu_context.sp", "thread.reg03", "thread.reg29"]; // prettier-ignore
  for (const path of paths) {
    if (task.has(path)) return task.at(path).value();
  }
  throw Fault.of("unknown", "the location of a sleeping task's stack pointer is not known for this architecture");
}
