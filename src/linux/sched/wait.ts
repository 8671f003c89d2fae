/** Wait queues. */
import type { Kernel } from "../../model/kernel.ts";
import { listEntries } from "../../kernel/list.ts";

/** An entry of a wait queue. */
export interface Waiter {
  /** Address of the entry. */
  readonly address: bigint;
  /** The argument for the entry's function: the task, if the function wakes a task. */
  readonly private: bigint;
  /** Address of the function that is called to wake the waiter; 0 for queues that contain only tasks. */
  readonly wake: bigint;
}

/**
 * Yields the entries of a `wait_queue_head`, first in line first.
 * Since Linux kernel commits ac6424b981bc and 2055da97389a ("sched/wait: ...") (in v4.13) the list is `head` and the
 * entry `struct wait_queue_entry`; before, `task_list` and `struct __wait_queue`. @throws Fault where the list breaks
 */
export function* waiters(kernel: Kernel, address: bigint): Generator<Waiter> {
  const renamed = kernel.types.find("struct", "wait_queue_entry") !== undefined;
  const head = kernel.object(renamed ? "struct wait_queue_head" : "struct __wait_queue_head", address);
  const [list, type, member] = renamed
    ? (["head", "struct wait_queue_entry", "entry"] as const)
    : (["task_list", "struct __wait_queue", "task_list"] as const);
  for (const entry of listEntries(kernel, head.at(list), type, member))
    yield { address: entry.address, private: entry.at("private").value(), wake: entry.at("func").value() };
}

/** Yields the entries of a `swait_queue_head`, which can only wake tasks (include/linux/swait.h). @throws Fault */
export function* simpleWaiters(kernel: Kernel, address: bigint): Generator<Waiter> {
  const head = kernel.object("struct swait_queue_head", address);
  for (const entry of listEntries(kernel, head.at("task_list"), "struct swait_queue", "task_list"))
    yield { address: entry.address, private: entry.at("task").value(), wake: 0n };
}
