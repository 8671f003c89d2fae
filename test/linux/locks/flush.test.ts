/** Tasks that flush a workqueue, by the shape of its structs on built memory. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { flushedWorkqueue } from "../../../src/linux/locks/flush.ts";
import { toyKernel } from "../../builders/kernel.ts";

const LIST = 0xffff_ffff_8200_0000n;
/** The name of the queue is on the page after its other members. */
const QUEUE = 0xffff_8880_3000_1000n - 80n;
const FLUSHER = 0xffff_8880_3000_4000n;
const POOL = 0xffff_8880_3000_5000n;
const PWQ = POOL + 0x100n;
const WORKER = POOL + 0x200n;
const WORKER_TASK = POOL + 0x300n;

const types = `
  struct list_head { struct list_head *next, *prev; };
  struct completion { unsigned int done; };
  struct wq_flusher { struct list_head list; int flush_color; struct completion done; };
  struct workqueue_struct {
    struct list_head pwqs, list;
    struct wq_flusher *first_flusher;
    struct list_head flusher_queue, flusher_overflow;
    int flush_color, max_active;
    char name[24];
  };
  struct worker_pool { int id; struct list_head workers; };
  struct pool_workqueue { struct worker_pool *pool; struct workqueue_struct *wq; struct list_head pwqs_node; };
  struct worker {
    struct list_head node; struct work_struct *current_work; struct pool_workqueue *current_pwq;
    struct task_struct *task; int current_color;
  };
  struct task_struct { int pid; };`;

const list = (address: bigint, other = address) => ["struct list_head", address, { next: other, prev: other }] as const;

interface Flush {
  /** The bytes of the queue's name, if they are readable. */
  readonly name?: string | undefined;
  /** The color of the flush; -1 for one that has none yet. */
  readonly color?: number;
  /** The color of the first flush of the queue. */
  readonly first?: number;
  /** The color of the work that the only worker executes; undefined without a worker. */
  readonly executed?: number;
}

/** Returns what a task in flush_workqueue() waits for. */
function flushed({ name, color = 3, first = 3, executed }: Flush) {
  const kernel = toyKernel({
    types,
    symbols: { workqueues: LIST },
    memory: [
      list(LIST, QUEUE + 16n),
      executed === undefined ? list(QUEUE) : list(QUEUE, PWQ + 16n),
      list(QUEUE + 16n, LIST),
      ["unsigned long", QUEUE + 32n, color === first ? FLUSHER : 0n],
      list(QUEUE + 40n, FLUSHER),
      list(QUEUE + 56n),
      ["int", QUEUE + 72n, first],
      ...(name === undefined ? [] : [["char [24]", QUEUE + 80n, name] as const]),
      ["struct wq_flusher", FLUSHER, { list: { next: QUEUE + 40n, prev: QUEUE + 40n }, flush_color: color }],
      ["struct worker_pool", POOL, { workers: { next: WORKER, prev: WORKER } }],
      ["struct pool_workqueue", PWQ, { pool: POOL, wq: QUEUE, pwqs_node: { next: QUEUE, prev: QUEUE } }],
      [
        "struct worker",
        WORKER,
        {
          node: { next: POOL + 8n, prev: POOL + 8n },
          current_pwq: PWQ,
          task: WORKER_TASK,
          current_color: executed ?? 0,
        },
      ],
    ],
  });
  const task = kernel.object("struct task_struct", 0xffff_8880_3000_8000n);
  const symbol = { name: "__flush_workqueue", address: 0n, size: 0, type: "T" };
  return flushedWorkqueue({ kernel, task, at: 0, frames: [{ sp: 0n, cfa: undefined, symbol }] }, FLUSHER + 20n);
}

const holdersOf = (flush: Flush) => flushed(flush)?.state?.holders.map(({ task, certainty }) => [task, certainty]);

test("a task that flushes a workqueue waits for the workqueue by its name", () => {
  assert.equal(flushed({ name: "events" })?.resource?.detail, "events");
});

test("a workqueue whose name cannot be read has none", () => {
  assert.equal(flushed({ name: undefined })?.resource?.detail, undefined);
});

test("a flush waits for the worker that executes a work of its color, not for one of a later color", () => {
  assert.deepEqual(holdersOf({ executed: 3 }), [[WORKER_TASK, "certain"]]);
  assert.deepEqual(holdersOf({ executed: 4 }), []);
});

test("flushes end in order, so that a later one also waits for works of the colors before its own", () => {
  assert.deepEqual(holdersOf({ first: 15, color: 1, executed: 15 }), [[WORKER_TASK, "certain"]]);
  assert.deepEqual(holdersOf({ first: 15, color: 1, executed: 0 }), [[WORKER_TASK, "certain"]]);
  assert.deepEqual(holdersOf({ first: 15, color: 1, executed: 2 }), []);
});

test("a flush that has no color yet waits for works of all colors", () => {
  assert.deepEqual(holdersOf({ color: -1, executed: 9 }), [[WORKER_TASK, "certain"]]);
});
