import assert from "node:assert/strict";
import { test } from "node:test";
import { exceptionLine } from "../../src/adapter/exceptionText.ts";

test("no text of the exception is formatted as a path", () => {
  for (const [line, shown] of [
    ["RIP: 0010:lab_apply+0x2f/0x43 [lab_nullderef]", "RIP: 0010:lab_apply+0x2f [lab_nullderef]"],
    ["kernel BUG at fs/ext4/inode.c:123!", "kernel BUG at inode.c:123!"],
    ["CPU: 1 PID: 0 Comm: swapper/1 Tainted: G        OE", "CPU: 1 PID: 0 Comm: swapper∕1 Tainted: G OE"],
  ] as const) {
    assert.equal(exceptionLine(line), shown);
  }
  assert.equal(exceptionLine(`x${"a/".repeat(100_000)}`).length, 90);
});
