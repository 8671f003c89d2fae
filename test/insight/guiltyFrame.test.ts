/** The guilty function of a stack whose end was overwritten. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { guiltyFrame } from "../../src/insight/guiltyFrame.ts";
import { crashWith } from "../builders/checks.ts";
import { toyKernel } from "../builders/kernel.ts";

test("a function that calls itself on a stack with a free kilobyte is not said to have overwritten its end", () => {
  const kernel = toyKernel({ types: "struct task_struct { void *stack; };" });
  const task = kernel.object("struct task_struct", 0xffff888000001000n);
  const names = ["schedule", "work", "descend", "descend", "descend", "descend", "start"];
  const guiltyAt = (step: bigint): string | undefined => {
    const frames = names.map((name, i) => ({
      stack: "task",
      sp: 0xffffc90000000000n + BigInt(i) * step,
      pc: 1n,
      exact: true,
      symbol: { name, address: 1n, size: 16 },
    }));
    const words = "corrupted stack end detected inside scheduler";
    const lines = [`Kernel panic - not syncing: ${words}`, "CPU: 0 PID: 7 Comm: sh Not tainted 6.1.0 #1"];
    return guiltyFrame(crashWith(lines, { kind: "stack-overflow", task, frames: frames as never }))?.function;
  };
  // Six steps between seven frames of a stack of 16384 bytes.
  assert.equal(guiltyAt(0xa70n), "descend");
  assert.equal(guiltyAt(0x900n), "work");
});
