import assert from "node:assert/strict";
import { test } from "node:test";
import { apart, withLocals, withTask } from "../../../src/crash/language/context.ts";
import { toyKernel } from "../../builders/kernel.ts";
import { toyContext } from "../../builders/transcript.ts";

const kernel = toyKernel({ types: "struct task_struct { int pid; };" });
const task = (address: bigint) => kernel.object("struct task_struct", address);

test("a context at another task leaves the given one as it was", () => {
  const context = toyContext(kernel, task(0x1000n));
  const other = withTask(context, task(0x2000n));
  other.task = task(0x3000n);
  other.radix = 16;
  assert.deepEqual([context.task.address, context.radix], [0x1000n, 10]);
  assert.deepEqual([other.task.address, other.taskFault], [0x3000n, undefined]);
});

test("a frame's variables are those of its context alone, a task that is set there is set in both", () => {
  const context = toyContext(kernel, task(0x1000n));
  const inFrame = withLocals(context, () => task(0x5000n));
  inFrame.task = task(0x2000n);
  assert.equal(context.locals, undefined);
  assert.equal(inFrame.locals?.("x")?.address, 0x5000n);
  assert.equal(context.task.address, 0x2000n);
});

test("a command of a panel follows the console's task, and changes neither it nor the numbered values", () => {
  const context = toyContext(kernel, task(0x1000n));
  const panel = apart(context);
  context.task = task(0x2000n);
  assert.equal(panel.task.address, 0x2000n);
  panel.task = task(0x3000n);
  panel.values.push(task(0x4000n));
  panel.ended = true;
  assert.deepEqual([context.task.address, context.values, context.ended], [0x2000n, [], false]);
});

test("the task of a context is not looked for when another context is made of it", () => {
  const context = toyContext(kernel);
  Object.defineProperty(context, "task", { get: () => assert.fail("asked"), set: () => {}, configurable: true });
  for (const other of [withTask(context, task(0x1000n)), withLocals(context, undefined), apart(context)])
    assert.equal(other.kernel, kernel);
});
