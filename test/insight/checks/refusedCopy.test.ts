import assert from "node:assert/strict";
import { test } from "node:test";
import { readRefusedCopy } from "../../../src/insight/checks/refusedCopy.ts";

test("the line of usercopy_abort() gives the memory, the direction and the size of the copy", () => {
  const line = "usercopy: Kernel memory exposure attempt detected from SLUB object 'valve' (offset 8, size 1200)!";
  assert.deepEqual(readRefusedCopy(line), {
    isWrite: false,
    memory: "SLUB object",
    cache: "valve",
    offset: 8,
    size: 1200,
  });
  const stack = "usercopy: Kernel memory overwrite attempt detected to process stack (offset 0, size 64)!";
  assert.deepEqual([readRefusedCopy(stack)?.isWrite, readRefusedCopy(stack)?.memory], [true, "process stack"]);
  assert.equal(readRefusedCopy("usercopy: something else"), undefined);
});
