import assert from "node:assert/strict";
import { test } from "node:test";
import { exceptionLine, whereText } from "../../src/adapter/exceptionText.ts";

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

test("the place of a crash is no code of user mode", () => {
  const lines = [
    "INFO: task cat:283 blocked for more than 6 seconds.",
    "RIP: 0033:0x47b6fd",
    "CPU: 2 PID: 39 Comm: khungtaskd",
  ];
  assert.deepEqual(whereText({ lines }), ["CPU: 2 PID: 39 Comm: khungtaskd"]);
  const both = ["RIP: 0010:lab_apply+0x2f/0x43", "RIP: 0033:0x47b6fd"];
  assert.deepEqual(whereText({ lines: both }), ["RIP: 0010:lab_apply+0x2f"]);
});
