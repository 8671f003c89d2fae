import assert from "node:assert/strict";
import { test } from "node:test";
import { waitEntries } from "../../../src/adapter/values/waiting.ts";
import type { Sleeper } from "../../builders/sleepers.ts";
import { ring, sleepingKernel, waiterAddress } from "../../builders/sleepers.ts";
import { taskAddress } from "../../builders/tasks.ts";

const LOCK = 0xffff_8880_3000_0000n;
const MUTEX_LIST = 16n;

const kernelOf = (functions: Sleeper["functions"]) =>
  sleepingKernel({
    sleepers: [{ pid: 5, comm: "cat", functions }],
    tasks: [{ pid: 7, comm: "owner" }],
    cpus: [0, 7],
    symbols: { shelf_lock: { address: LOCK, size: 32, type: "d" } },
    memory: [
      ["struct mutex", LOCK, { owner: { counter: taskAddress(7) } }],
      ["struct mutex_waiter", waiterAddress(5), { task: taskAddress(5) }],
      ...ring(LOCK + MUTEX_LIST, waiterAddress(5)),
    ],
  });

test("the scope of a task that sleeps begins with what it waits for and who holds that", () => {
  const kernel = kernelOf(["schedule", "__mutex_lock", "shelve"]);
  const [entry, ...rest] = waitEntries(kernel.object("struct task_struct", taskAddress(5)));
  assert.deepEqual(rest, []);
  assert.equal(entry?.name, "Waits for");
  assert.equal(entry.value, "mutex shelf_lock; held by owner [7], running on CPU 1");
  const parts = [...(entry.unfolding?.named() ?? [])];
  assert.deepEqual(
    parts.map(({ name, expression }) => [name, expression]),
    [
      ["resource", `*(struct mutex *)0x${LOCK.toString(16)}`],
      ["waiter", `*(struct mutex_waiter *)0x${waiterAddress(5).toString(16)}`],
      ["held by", `*(struct task_struct *)0x${taskAddress(7).toString(16)}`],
      ["waiter 1", `*(struct task_struct *)0x${taskAddress(5).toString(16)}`],
    ],
  );
});

test("a task that runs waits for nothing", () => {
  const kernel = kernelOf(["schedule", "__mutex_lock", "shelve"]);
  assert.deepEqual([...waitEntries(kernel.object("struct task_struct", taskAddress(7)))], []);
});

test("a task that waits for another to act depends on it, because nothing is held", () => {
  const kernel = sleepingKernel({
    taskMembers: "unsigned int ptrace;",
    sleepers: [
      {
        pid: 5,
        comm: "traced",
        functions: ["schedule", "ptrace_stop", "get_signal"],
        with: { __state: 8, ptrace: 1, parent: taskAddress(7) },
      },
    ],
    tasks: [{ pid: 7, comm: "tracer" }],
    cpus: [0, 7],
  });
  const [entry] = waitEntries(kernel.object("struct task_struct", taskAddress(5)));
  assert.equal(entry?.value, "its tracer; depends on tracer [7], running on CPU 1");
  assert.deepEqual(
    [...(entry.unfolding?.named() ?? [])].map(({ name }) => name),
    ["depends on"],
  );
});
