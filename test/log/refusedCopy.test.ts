import assert from "node:assert/strict";
import { test } from "node:test";
import { readRefusedCopy } from "../../src/log/facts/refusedCopy.ts";

test("the line of usercopy_abort() gives the memory, the direction and the size of the copy", () => {
  const line = "usercopy: Kernel memory exposure attempt detected from SLUB object 'valve' (offset 8, size 1200)!";
  assert.deepEqual(readRefusedCopy(line), {
    isWrite: false,
    memory: "SLUB object",
    cache: "valve",
    address: undefined,
    offset: 8,
    size: 1200,
    isAllowed: false,
  });
  const stack = "usercopy: Kernel memory overwrite attempt detected to process stack (offset 0, size 64)!";
  assert.deepEqual([readRefusedCopy(stack)?.isWrite, readRefusedCopy(stack)?.memory], [true, "process stack"]);
  assert.equal(readRefusedCopy("usercopy: something else"), undefined);
});

test("the line that kernels up to 4.15 print gives the address instead of the offset", () => {
  const line = "usercopy: kernel memory overwrite attempt detected to ffff8880012c9bd4 (lab_cache) (1320 bytes)";
  const { isWrite, memory, address, size } = readRefusedCopy(line) ?? {};
  assert.deepEqual([isWrite, memory, address, size], [true, "lab_cache", 0xffff8880012c9bd4n, 1320]);
  const stack = "usercopy: kernel memory exposure attempt detected from ffffc90000123450 (<process stack>) (24 bytes)";
  assert.equal(readRefusedCopy(stack)?.memory, "process stack");
});
