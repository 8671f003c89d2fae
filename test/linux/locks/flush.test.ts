/** Tasks that flush a workqueue, by the shape of its structs on built memory. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { flushedWorkqueue } from "../../../src/linux/locks/flush.ts";
import { toyKernel } from "../../builders/kernel.ts";

const LIST = 0xffff_ffff_8200_0000n;
/** The name of the queue is on the page after its other members. */
const QUEUE = 0xffff_8880_3000_1000n - 72n;
const FLUSHER = 0xffff_8880_3000_4000n;

const types = `
  struct list_head { struct list_head *next, *prev; };
  struct completion { unsigned int done; };
  struct wq_flusher { struct list_head list; int flush_color; struct completion done; };
  struct workqueue_struct {
    struct list_head pwqs, list;
    struct wq_flusher *first_flusher;
    struct list_head flusher_queue, flusher_overflow;
    char name[24];
  };
  struct worker_pool { int id; };
  struct pool_workqueue { struct worker_pool *pool; struct list_head pwqs_node; };
  struct task_struct { int pid; };`;

const empty = (address: bigint) => ["struct list_head", address, { next: address, prev: address }] as const;

/** Returns what a task in flush_workqueue() waits for. @param name the bytes of the queue's name, if they are readable */
function flushed(name: string | undefined) {
  const kernel = toyKernel({
    types,
    symbols: { workqueues: LIST },
    memory: [
      ["struct list_head", LIST, { next: QUEUE + 16n, prev: QUEUE + 16n }],
      empty(QUEUE),
      ["struct list_head", QUEUE + 16n, { next: LIST, prev: LIST }],
      ["unsigned long", QUEUE + 32n, FLUSHER],
      empty(QUEUE + 40n),
      empty(QUEUE + 56n),
      ...(name === undefined ? [] : [["char [24]", QUEUE + 72n, name] as const]),
      ["struct wq_flusher", FLUSHER, { flush_color: 3 }],
    ],
  });
  const task = kernel.object("struct task_struct", 0xffff_8880_3000_8000n);
  const symbol = { name: "__flush_workqueue", address: 0n, size: 0, type: "T" };
  return flushedWorkqueue({ kernel, task, at: 0, frames: [{ sp: 0n, cfa: undefined, symbol }] }, FLUSHER + 20n);
}

test("a task that flushes a workqueue waits for the workqueue by its name", () => {
  assert.equal(flushed("events")?.resource?.detail, "events");
});

test("a workqueue whose name cannot be read has none", () => {
  assert.equal(flushed(undefined)?.resource?.detail, undefined);
});
