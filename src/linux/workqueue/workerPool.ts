/** Worker pools of workqueues (kernel/workqueue.c). */
import { idrEntries } from "../../kernel/idr.ts";
import { listEntries } from "../../kernel/list.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";

/** Yields every worker pool. @throws Fault where the table of pools breaks */
export function* workerPools(kernel: Kernel): Generator<Obj<"struct worker_pool">> {
  for (const { entry } of idrEntries(kernel, kernel.variable("worker_pool_idr")))
    yield kernel.object("struct worker_pool", entry);
}

/** Yields the workers of a pool. @throws Fault where the list breaks */
export const workersOf = (pool: Obj<"struct worker_pool">): Generator<Obj<"struct worker">> =>
  listEntries(pool.kernel, pool.at("workers"), "struct worker", "node");

/** Yields the works that wait in a pool for a worker, oldest first. @throws Fault where the list breaks */
export const queuedWorks = (pool: Obj<"struct worker_pool">): Generator<Obj<"struct work_struct">> =>
  listEntries(pool.kernel, pool.at("worklist"), "struct work_struct", "entry");

/** Returns the name of a pool as the kernel's reports print it: `pool 4`, with its CPU if it has one. @throws Fault */
export function poolName(pool: Obj<"struct worker_pool">): string {
  const cpu = pool.at("cpu").number();
  return `pool ${pool.at("id").number()}${cpu < 0 ? "" : ` of CPU ${cpu}`}`;
}
