/** Tasks that wait in simple wait queues. */
import { attempt, Fault } from "../../base/fault.ts";
import type { Found } from "./resource.ts";
import { linkedWaiter, type Sleeper } from "./sleeper.ts";
import { waiterRing, type WaiterShape } from "./waiterRing.ts";

/** A waiter of a simple wait queue (include/linux/swait.h). */
export const SIMPLE_WAITER: WaiterShape = { type: "struct swait_queue", list: "task_list", task: "task" };

const HEAD = "struct swait_queue_head";

/**
 * Returns the simple wait queue in which a task waits; undefined if it waits in none. A waiter on the stack counts only
 * if its list has a head.
 */
export function simpleQueueWait(sleeper: Sleeper): Found | undefined {
  const { kernel } = sleeper;
  if (!kernel.types.find("struct", "swait_queue")) return undefined;
  const waiter = linkedWaiter(sleeper, SIMPLE_WAITER, sleeper.at);
  const ring = waiter && attempt(() => waiterRing(kernel, SIMPLE_WAITER, waiter.at(SIMPLE_WAITER.list).address));
  if (!ring || ring instanceof Fault || ring.head === undefined) return undefined;
  return {
    waiter: { type: SIMPLE_WAITER.type, address: waiter.address },
    queue: ring.entries,
    resource: {
      kind: "wait queue",
      type: HEAD,
      address: ring.head - kernel.object(HEAD, 0n).at("task_list").address,
    },
  };
}
