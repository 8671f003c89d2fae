/** Finds locks that no task holds although tasks wait for them. */
import { attempt, Fault } from "../../base/fault.ts";
import { plainName } from "../../log/place.ts";
import { taskActivity } from "../../linux/sched/sleeping.ts";
import { stackTrace } from "../../linux/sched/stackTrace.ts";
import { taskTable } from "../../linux/sched/task.ts";
import { derived } from "../../model/derived.ts";
import type { Obj } from "../../model/object.ts";
import type { WaitingTask } from "./waitGraph.ts";

/** Why a free lock has waiters. */
export type FreeLock =
  /** The first waiter was woken and has not run yet. */
  | { readonly kind: "woken"; readonly task: Obj }
  /** All waiters sleep, and no task is in a function that would wake one. */
  | { readonly kind: "lost wake-up" }
  /** Neither can be determined. */
  | { readonly kind: "unknown" };

/** Functions that release a lock and wake a waiter (kernel/locking). */
const RELEASING =
  /^(__mutex_unlock_slowpath|mutex_unlock|__ww_mutex_unlock|rwsem_wake|__?up_(read|write)|up_(read|write)|downgrade_write|rwsem_downgrade_wake|__up|up|rt_mutex_slowunlock|wake_up_q)$/;

/** Running and runnable tasks that have a lock-releasing function on their stack; a Fault if a task or a stack cannot be read. */
const releasers = derived("tasks that release locks", (kernel): readonly Obj[] | Fault => {
  const found: Obj[] = [];
  const table = taskTable(kernel);
  if (table.fault) return table.fault;
  for (const task of table.tasks) {
    const activity = taskActivity(task);
    if (activity !== "running" && activity !== "runnable") continue;
    const { frames, fault } = stackTrace(kernel, task);
    if (fault) return fault;
    if (frames.some(({ symbol }) => symbol && RELEASING.test(plainName(symbol.name)))) found.push(task);
  }
  return found;
});

/** Returns why the lock that a task waits for is free; undefined if it is held, or is not a lock. */
export function freeLock({ wait, task }: WaitingTask): FreeLock | undefined {
  if (wait.state?.free !== true || wait.queue.length === 0) return undefined;
  const { kernel } = task;
  const waiters = wait.queue.map(({ task: address }) =>
    address === undefined ? undefined : kernel.object("struct task_struct", address),
  );
  const [first] = waiters;
  const awake = (one: Obj | undefined): boolean | undefined => {
    const activity = one && attempt(() => taskActivity(one));
    if (activity === undefined || activity instanceof Fault || activity === "unknown") return undefined;
    return activity === "running" || activity === "runnable";
  };
  if (first && awake(first) === true) return { kind: "woken", task: first };
  if (waiters.some((one) => awake(one) !== false)) return { kind: "unknown" };
  const busy = releasers(kernel);
  return busy instanceof Fault || busy.length > 0 ? { kind: "unknown" } : { kind: "lost wake-up" };
}
