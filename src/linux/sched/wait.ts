import type { Kernel } from "../../model/kernel.ts";
import { listEntries } from "../../kernel/list.ts";

/** Who waits, and what is called to wake him. */
export interface Waiter {
  /** The entry in the queue. */
  readonly address: bigint;
  /** What the entry's function is given: the task, where that function wakes one. */
  readonly private: bigint;
  /** The function; 0 for queues of tasks alone. */
  readonly wake: bigint;
}

/**
 * Those who wait on a `wait_queue_head`, first in line first.
 *
 * Since Linux kernel commits ac6424b981bc and 2055da97389a ("sched/wait: ...") (in v4.13) the list is `head` and the
 * entry `struct wait_queue_entry`; before, `task_list` and `struct __wait_queue`.
 * @throws Fault where the list breaks
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

/** Those who wait on a `swait_queue_head`, which wakes tasks and nothing else (include/linux/swait.h). @throws Fault */
export function* simpleWaiters(kernel: Kernel, address: bigint): Generator<Waiter> {
  const head = kernel.object("struct swait_queue_head", address);
  for (const entry of listEntries(kernel, head.at("task_list"), "struct swait_queue", "task_list"))
    yield { address: entry.address, private: entry.at("task").value(), wake: 0n };
}
