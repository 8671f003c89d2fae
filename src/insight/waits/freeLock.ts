/** Finds locks that no task holds although tasks wait for them. */
import { attempt, Fault } from "../../base/fault.ts";
import { plainName } from "../../log/place.ts";
import { isSpinLocked } from "../../linux/locks/spinHolder.ts";
import { taskActivity } from "../../linux/sched/sleeping.ts";
import { stackTrace } from "../../linux/sched/stackTrace.ts";
import { taskTable } from "../../linux/sched/task.ts";
import { derived } from "../../model/derived.ts";
import type { Obj } from "../../model/object.ts";
import type { WaitingTask } from "./waitGraph.ts";

/** Why a free lock has waiters. */
export type FreeLock =
  /** The first waiter was woken: it is runnable or running, and has not taken the lock yet. */
  | { readonly kind: "woken"; readonly task: Obj }
  /** The word lacks the flag that it has while tasks wait: it was overwritten, and nothing will wake a waiter. */
  | { readonly kind: "overwritten"; readonly flag: string }
  /** All waiters sleep, and no task is in a function that would wake one. */
  | { readonly kind: "lost wake-up" }
  /** None of these can be determined. */
  | { readonly kind: "unknown" };

/** Functions that release or downgrade a lock, or wake its waiters (kernel/locking; wake_up_q() of kernel/sched/core.c). */
const RELEASING =
  /^(__mutex_unlock_slowpath|mutex_unlock|__ww_mutex_unlock|rwsem_wake|__?up_(read|write)|up_(read|write)|downgrade_write|rwsem_downgrade_wake|__up|up|rt_mutex_slowunlock|(__)?percpu_up_(read|write)|wake_up_q)$/;

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

interface WaiterFlag {
  readonly name: string;
  readonly type: string;
  /** The word of the lock. */
  readonly word: string;
  readonly bit: bigint;
}

/**
 * Flags that are set in the word of a lock from when the first waiter is in its list until the last one has left it. Both
 * changes are made under `wait_lock`. Sources: kernel/locking/mutex.c, __mutex_add_waiter() and __mutex_remove_waiter();
 * kernel/locking/rwsem.c, rwsem_add_waiter() and rwsem_del_waiter().
 */
const WAITER_FLAGS: Readonly<Partial<Record<string, WaiterFlag>>> = {
  mutex: { name: "MUTEX_FLAG_WAITERS", type: "struct mutex", word: "owner.counter", bit: 1n },
  rwsem: { name: "RWSEM_FLAG_WAITERS", type: "struct rw_semaphore", word: "count.counter", bit: 2n },
};

/** Returns the flag that the word of a free lock with waiters lacks; undefined if it is set or this is not known. */
function missingFlag({ wait, task }: WaitingTask): string | undefined {
  const { resource } = wait;
  const flag = WAITER_FLAGS[resource?.kind ?? ""];
  if (!flag || !resource || resource.type !== flag.type) return undefined;
  const isMissing = attempt(() => {
    const lock = task.kernel.object(flag.type, resource.address);
    // The word of a mutex had another layout before v4.10, that of an rw_semaphore before v5.3.
    if (!lock.has("owner.counter") || !lock.has(flag.word)) return false;
    return (lock.at(flag.word).value() & flag.bit) === 0n && isSpinLocked(lock.at("wait_lock")) === false;
  });
  return isMissing === true ? flag.name : undefined;
}

/** Returns why the lock that a task waits for is free; undefined if it is held, is not a lock, or has no waiters. */
export function freeLock(one: WaitingTask): FreeLock | undefined {
  const { wait, task } = one;
  if (wait.state?.isFree !== true || wait.queue.length === 0) return undefined;
  const { kernel } = task;
  const waiters = wait.queue.map(({ task: address }) =>
    address === undefined ? undefined : kernel.object("struct task_struct", address),
  );
  const flag = missingFlag(one);
  if (flag !== undefined) return { kind: "overwritten", flag };
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
