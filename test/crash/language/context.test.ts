import assert from "node:assert/strict";
import { test } from "node:test";
import { changed, withChange, withChanges, withLocals, withTask } from "../../../src/crash/language/context.ts";
import { withoutChanges } from "../../../src/crash/language/language.ts";
import { text } from "../../../src/say/piece.ts";
import { toyKernel } from "../../builders/kernel.ts";
import { contextNow, toyContext, transcript } from "../../builders/transcript.ts";

const kernel = toyKernel({ types: "struct task_struct { int pid; };" });
const task = (address: bigint) => kernel.object("struct task_struct", address);

test("selecting another task creates a context and leaves the old one unchanged", () => {
  const context = toyContext(kernel, task(0x1000n));
  const other = withTask(context, task(0x2000n));
  assert.equal(context.task.address, 0x1000n);
  assert.deepEqual([other.task.address, other.taskFault], [0x2000n, undefined]);
});

test("a frame's variables are those of its context alone", () => {
  const context = toyContext(kernel, task(0x1000n));
  const inFrame = withLocals(context, () => task(0x5000n));
  assert.equal(context.locals, undefined);
  assert.equal(inFrame.locals?.("x")?.address, 0x5000n);
  assert.equal(inFrame.task.address, 0x1000n);
});

test("changes make another context, the later one over the earlier one", () => {
  const context = toyContext(kernel, task(0x1000n));
  const after = withChanges(context, [
    { radix: 16, variables: new Map([["print_max", "3"]]) },
    { task: task(0x2000n), aliases: new Map([["a", "b"]]) },
    { variables: new Map([["scroll", "off"]]), aliases: new Map([["a", undefined]]), ended: true },
  ]);
  assert.deepEqual([context.radix, context.variables.size, context.aliases.size, context.ended], [10, 0, 0, false]);
  assert.equal(context.task.address, 0x1000n);
  assert.deepEqual([after.radix, [...after.variables.keys()], after.aliases.size], [16, ["print_max", "scroll"], 0]);
  assert.deepEqual([after.task.address, after.ended], [0x2000n, true]);
});

test("two contexts that print after the same value do not see each other's", () => {
  const first = withChange(toyContext(kernel), { value: task(0x1000n) });
  const [one, other] = [0x2000n, 0x3000n].map((address) => withChange(first, { value: task(address) }));
  assert.equal(first.values.numbered(2), undefined);
  assert.equal(one?.values.numbered(2)?.address, 0x2000n);
  assert.equal(other?.values.numbered(2)?.address, 0x3000n);
  assert.equal(other?.values.numbered(1)?.address, 0x1000n);
});

test("the changes of a command are not part of its output", () => {
  const running = (function* () {
    yield changed({ radix: 16 });
    yield text("said");
  })();
  const changes: unknown[] = [];
  assert.deepEqual([...withoutChanges(running, (change) => changes.push(change))], [text("said")]);
  assert.deepEqual(changes, [{ radix: 16 }]);
});

test("a command that runs once for each task changes nothing for the lines after it", () => {
  const context = toyContext(kernel, task(0x1000n));
  transcript(context, "foreach set radix 16");
  assert.equal(contextNow(context).radix, 10);
});

test("the task of a context is not looked for when another context is made of it", () => {
  const context = toyContext(kernel);
  for (const other of [withTask(context, task(0x1000n)), withLocals(context, undefined), context.with({ radix: 16 })])
    assert.equal(other.kernel, kernel);
});
