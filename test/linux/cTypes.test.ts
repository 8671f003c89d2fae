import assert from "node:assert/strict";
import { test } from "node:test";
import { filePath } from "../../src/linux/fs/dcache.ts";
import { taskPid } from "../../src/linux/sched/task.ts";
import { cacheName } from "../../src/linux/slab/slab.ts";
import type { Obj } from "../../src/model/object.ts";
import { toyKernel } from "../builders/kernel.ts";

/** Reads a slab's frozen bit; wants a slab. */
const isFrozen = (slab: Obj<"struct slab">): boolean => slab.at("frozen").number() === 1;

const kernel = toyKernel({
  types: `struct page { unsigned long flags; }; struct slab { unsigned long frozen; };
    struct task_struct { int pid; struct page *page; };`,
  memory: [
    ["struct page", 0x1000n, { flags: 1 }],
    ["struct task_struct", 0x2000n, { pid: 7, page: 0x1000n }],
  ],
});

test("an object of another C type than a helper wants does not compile; a member's and a cast's do", () => {
  const page = kernel.object("struct page", 0x1000n);
  const task = kernel.object("struct task_struct", 0x2000n);
  // @ts-expect-error a page is no slab
  assert.throws(() => isFrozen(page), /struct page has no member frozen/);
  // @ts-expect-error a task is no cache
  assert.throws(() => cacheName(task), /struct task_struct has no member name/);
  // @ts-expect-error a page is no file
  assert.throws(() => filePath(page), /struct page has no member f_path/);
  // @ts-expect-error an object of a type is none of another
  const wrong: Obj<"struct slab"> = page;
  assert.equal(wrong.address, 0x1000n);

  assert.equal(isFrozen(page.as("struct slab")), true);
  assert.equal(isFrozen(task.at("page").deref().as("struct slab")), true);
  const untyped: Obj = task;
  assert.equal(taskPid(untyped), 7);
  assert.equal(taskPid(task), 7);
});
