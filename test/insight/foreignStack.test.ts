/** Objects on the stacks of other tasks. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { x86_64 } from "../../src/arch/x86_64/x86_64.ts";
import { sentenceText } from "../../src/insight/finding.ts";
import { foreignStackFinding } from "../../src/insight/foreignStack.ts";
import { findTask } from "../../src/linux/sched/task.ts";
import { crashWith } from "../builders/checks.ts";
import { stackAddress, toyTasks } from "../builders/tasks.ts";

const OBJECT = stackAddress(7) + 0x800n;

/** What is said of an object on the stack of a task that runs with a stack pointer. */
function found(sp: bigint): string[] {
  const kernel = toyTasks({
    cpus: [7],
    tasks: [
      { pid: 7, comm: "owner" },
      { pid: 8, comm: "user" },
    ],
    more: {
      arch: x86_64,
      types: "union thread_union { unsigned char stack[16384]; };",
      symbols: { work: { address: 0xffffffff81000000n, size: 256, type: "T" } },
      parts: {
        cpuNotes: [
          {
            registers: new Map([
              ["rip", 0xffffffff81000010n],
              ["rsp", sp],
            ]),
            pid: 7,
          },
        ],
      },
    },
  });
  const crash = crashWith([], { task: findTask(kernel, 8) });
  return [...foreignStackFinding(kernel, crash, OBJECT, "note")].map(({ text }) => sentenceText(text));
}

test("an object below the stack pointer of the task is in no function's part of the stack", () => {
  const [text = ""] = found(OBJECT + 0x100n);
  assert.match(text, /is on the stack of .*owner.*, another task, in a part of it that no function uses\.$/);
});

test("a task that runs on another stack does not show which part of its own it uses", () => {
  const [text = ""] = found(stackAddress(20));
  assert.match(text, /is on the stack of .*owner.*, another task\.$/);
});
