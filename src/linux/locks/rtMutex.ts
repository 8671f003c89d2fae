/** Tasks that wait for an rt_mutex. */
import { Fault } from "../../base/fault.ts";
import { rbtreeEntries } from "../../kernel/rbtree.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import { rtMutexType } from "./mutex.ts";
import { MAX_TASKS } from "../sched/task.ts";
import type { Found, QueuedTask } from "./resource.ts";

/**
 * Returns the rt_mutex that a task waits for; undefined if it waits for none. `task_struct.pi_blocked_on` points to the
 * waiter, which points to the lock. On PREEMPT_RT mutexes and spinlock_t are rt_mutexes. @throws Fault "corrupt" if
 * the waiter belongs to another task
 */
export function rtMutexWait(task: Obj<"struct task_struct">): Found | undefined {
  if (!task.has("pi_blocked_on")) return undefined;
  const { kernel } = task;
  const waiter = task.at("pi_blocked_on").deref();
  if (waiter.address === 0n) return undefined;
  if (waiter.at("task").value() !== task.address)
    throw Fault.at("corrupt", waiter.address, "the rt_mutex_waiter to which the task points belongs to another task");
  const lock = waiter.at("lock").deref();
  return {
    resource: { kind: "rt_mutex", type: rtMutexType(kernel), address: lock.address },
    waiter: { type: "struct rt_mutex_waiter", address: waiter.address },
    queue: rtMutexQueue(kernel, lock),
  };
}

/** Returns the waiters of an rt_mutex, highest priority first. @throws Fault */
function rtMutexQueue(kernel: Kernel, lock: Obj<"struct rt_mutex_base" | "struct rt_mutex">): readonly QueuedTask[] {
  // The node is in `tree` since Linux kernel commit f7853c34241807bb ("locking/rtmutex: Fix task->pi_waiters
  // integrity") (in v6.5); before, in `tree_entry`.
  const waiter = kernel.object("struct rt_mutex_waiter", 0n);
  const member = ["tree.entry", "tree_entry"].find((path) => waiter.has(path));
  const queue: QueuedTask[] = [];
  if (member === undefined) return queue;
  for (const one of rbtreeEntries(kernel, lock.at("waiters"), "struct rt_mutex_waiter", member)) {
    queue.push({ node: one.address, task: one.at("task").value() });
    if (queue.length > MAX_TASKS)
      throw Fault.at("corrupt", lock.address, `the tree of waiters has more than ${MAX_TASKS} nodes`);
  }
  return queue;
}
