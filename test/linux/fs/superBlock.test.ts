import assert from "node:assert/strict";
import { test } from "node:test";
import { frozenText, superBlockAt } from "../../../src/linux/fs/superBlock.ts";
import { percpuRwsemState } from "../../../src/linux/locks/percpuRwsem.ts";
import { resourceName } from "../../../src/linux/locks/resourceName.ts";
import { toyKernel } from "../../builders/kernel.ts";

const types = `
  struct list_head { struct list_head *next, *prev; };
  struct rcuwait { struct task_struct *task; }; struct task_struct { int pid; };
  struct percpu_rw_semaphore { struct rcuwait writer; struct { int counter; } block; };
  struct sb_writers { int frozen; struct percpu_rw_semaphore rw_sem[3]; };
  struct super_block { struct list_head s_list; char s_id[32]; struct sb_writers s_writers; };
`;
const HEAD = 0x9000n;
const BLOCK = 0xa000n;

function machine(frozen: number) {
  const kernel = toyKernel({
    types,
    symbols: { super_blocks: HEAD },
    memory: [
      ["struct list_head", HEAD, { next: BLOCK, prev: BLOCK }],
      ["struct super_block", BLOCK, { s_writers: { frozen } }],
    ],
  });
  kernel.put("struct list_head", BLOCK, { next: HEAD, prev: HEAD });
  // "vda", little-endian
  kernel.put("unsigned int", kernel.object("struct super_block", BLOCK).at("s_id").address, 0x616476);
  const lock = kernel.object("struct super_block", BLOCK).at("s_writers.rw_sem").index(0).address;
  return { kernel, lock };
}

test("a lock of a frozen file system says so, since no task holds it", () => {
  const { kernel, lock } = machine(4);
  assert.equal(superBlockAt(kernel, lock)?.address, BLOCK);
  assert.equal(percpuRwsemState(kernel, lock).note, "the file system vda is frozen");
  assert.equal(
    resourceName(kernel, { kind: "percpu_rwsem", type: "struct percpu_rw_semaphore", address: lock }),
    "super_block.s_writers.rw_sem[0] of vda",
  );
});

test("a file system that is not frozen, and a lock of no super block, have no such note", () => {
  const { kernel, lock } = machine(0);
  assert.equal(frozenText(kernel, lock), undefined);
  assert.equal(frozenText(kernel, 0x100n), undefined);
});
