import assert from "node:assert/strict";
import { test } from "node:test";
import { flagNames } from "../../src/linux/flagNames.ts";
import { toyKernel } from "../builders/kernel.ts";

const ADDRESS = 0xffff_8880_0000_1000n;

const named = (owner: string, member: string, value: bigint): string | undefined => {
  const kernel = toyKernel({
    types: `
      enum pageflags { PG_locked, PG_writeback, PG_referenced, PG_uptodate };
      struct vma_flag { unsigned long mask; const char *name; };
      struct vma_flag vmaflag_names[3];`,
    symbols: { vmaflag_names: 0xffff_ffff_8200_0000n },
    memory: [
      ["vmaflag_names", [{ mask: 1, name: "read" }, { mask: 2, name: "write" }, { mask: 0 }]],
      ["unsigned long", ADDRESS, value],
    ],
  });
  return flagNames(owner, member, kernel.object("unsigned long", ADDRESS));
};

test("a task's state, a page's and an area's flags are named", () => {
  assert.equal(named("task_struct", "__state", 0n), "TASK_RUNNING");
  assert.equal(named("task_struct", "__state", 0x402n), "TASK_UNINTERRUPTIBLE | TASK_NOLOAD");
  assert.equal(named("page", "flags", 0xff000000_00000009n), "locked | uptodate");
  assert.equal(named("vm_area_struct", "vm_flags", 3n), "READ | WRITE");
});

test("values without names, or without set bits, are unchanged", () => {
  assert.equal(named("task_struct", "exit_state", 0n), undefined);
  assert.equal(named("page", "flags", 0n), undefined);
  assert.equal(named("file", "f_flags", 1n), undefined);
  assert.equal(named("", "flags", 1n), undefined);
});
