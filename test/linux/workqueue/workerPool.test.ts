import assert from "node:assert/strict";
import { test } from "node:test";
import { poolName, queuedWorks, workerPools, workersOf } from "../../../src/linux/workqueue/workerPool.ts";
import { toyKernel } from "../../builders/kernel.ts";

const TYPES = `
  struct list_head { struct list_head *next; struct list_head *prev; };
  struct xarray { void *xa_head; };
  struct idr { struct xarray idr_rt; unsigned int idr_base; };
  struct work_struct { long data; struct list_head entry; void *func; };
  struct worker { struct work_struct *current_work; struct list_head node; };
  struct worker_pool { int cpu; int id; struct list_head worklist; struct list_head workers; };`;
const [POOL, WORKER, WORK] = [0xffff_8880_0000_1000n, 0xffff_8880_0000_2000n, 0xffff_8880_0000_3000n];

test("a pool is found in the kernel's table, with its workers and the works that wait in it", () => {
  const kernel = toyKernel({
    types: TYPES,
    symbols: { worker_pool_idr: 0x1000n },
    memory: [
      ["struct idr", 0x1000n, { idr_rt: { xa_head: POOL } }],
      ["struct worker_pool", POOL, { cpu: 3, id: 6, worklist: { next: WORK + 8n }, workers: { next: WORKER + 8n } }],
      ["struct worker", WORKER, { node: { next: POOL + 24n } }],
      ["struct work_struct", WORK, { entry: { next: POOL + 8n } }],
    ],
  });
  const [pool] = workerPools(kernel);
  assert.ok(pool);
  assert.equal(poolName(pool), "pool 6 of CPU 3");
  assert.deepEqual(
    [...workersOf(pool)].map(({ address }) => address),
    [WORKER],
  );
  assert.deepEqual(
    [...queuedWorks(pool)].map(({ address }) => address),
    [WORK],
  );
  kernel.put("int", POOL, -1);
  assert.equal(poolName(pool), "pool 6");
});
