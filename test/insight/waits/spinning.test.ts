/** The holder of a spinlock whose word names a CPU: s390x and powerpc. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { namedHolder } from "../../../src/insight/waits/spinning.ts";
import { toyKernel } from "../../builders/kernel.ts";
import { taskAddress, toyTasks } from "../../builders/tasks.ts";

test("the task on the CPU that a lock's word names is a likely holder, and an idle CPU has none", () => {
  const kernel = toyTasks({ cpus: [0, 20], tasks: [{ pid: 20, comm: "worker" }] });
  assert.deepEqual(namedHolder(kernel, 1), {
    task: taskAddress(20),
    certainty: "likely",
    how: "the word of the lock names CPU 1, on which it runs",
  });
  assert.equal(namedHolder(kernel, 0), "its word names CPU 0, which runs its idle task");
});

test("a CPU whose task cannot be read is not called idle", () => {
  const kernel = toyKernel({ symbols: { init_task: 0x1000n } });
  assert.equal(namedHolder(kernel, 0), "its word names CPU 0, whose task cannot be read");
});
