import assert from "node:assert/strict";
import { test } from "node:test";
import { machineryOf } from "../../src/adapter/machinery.ts";
import { Threads, threadName } from "../../src/adapter/threads.ts";
import { toEnd } from "../../src/base/job.ts";
import { perCpuVariable } from "../../src/kernel/percpu.ts";
import { stackTrace } from "../../src/linux/sched/stackTrace.ts";
import { findTask } from "../../src/linux/sched/task.ts";
import { lockTypes, sleepingKernel } from "../builders/sleepers.ts";

const SECOND = 1_000_000_000n;
const TEXT = 0xffff_ffff_8100_0000n;

/** `__schedule`, `schedule` and `mutex_lock` are in the section of the scheduler, the callers are not. */
const kernel = sleepingKernel({
  sleepers: [
    {
      pid: 20,
      comm: "cat",
      functions: ["__schedule", "schedule", "mutex_lock", "lab_read"],
      with: { sched_info: { last_arrival: 88n * SECOND - SECOND / 10n } },
    },
    {
      pid: 21,
      comm: "worker",
      functions: ["__schedule", "schedule", "worker_thread"],
      // It got its CPU long before, and left it after 10 s.
      with: { __state: 1, sched_info: { last_arrival: 2n * SECOND }, se: { exec_start: 10n * SECOND } },
    },
    { pid: 22, comm: "fresh", functions: ["__schedule", "schedule", "worker_thread"], with: { __state: 0x402 } },
  ],
  types: `${lockTypes} struct sched_entity { unsigned long long exec_start; };`,
  taskMembers: "struct sched_entity se;",
  symbols: {
    __sched_text_start: { address: TEXT },
    __sched_text_end: { address: TEXT + 0x3000n },
  },
});
kernel.put("unsigned long long", perCpuVariable(kernel, "runqueues", 0).at("clock").address, 100n * SECOND);

const machinery = (pid: number) => {
  const task = findTask(kernel, pid);
  assert.ok(task);
  return machineryOf(kernel, { task, runningOn: undefined }, stackTrace(kernel, task).frames);
};

test("scheduler and lock functions of a sleeping task are folded under the function that waits and the time", () => {
  assert.deepEqual(machinery(20), { count: 3, origin: "waits in mutex_lock, 12.1 s" });
});

test("functions by which every wait begins are not named", () => {
  assert.deepEqual(machinery(21), { count: 2, origin: "waits, 1 min 30 s" });
});

test("a task that never ran has no time", () => {
  assert.deepEqual(machinery(22), { count: 2, origin: "waits" });
});

test("a task on a CPU has no folded wait", () => {
  const task = findTask(kernel, 20);
  assert.ok(task);
  assert.equal(machineryOf(kernel, { task, runningOn: 0 }, stackTrace(kernel, task).frames).count, 0);
});

test("threads say their state and when they last ran", () => {
  const names = toEnd(new Threads(kernel, "all").list()).map(threadName);
  assert.deepEqual(names, [
    "swapper/0 [0] cpu 0 >",
    "cat [20] blocked 12.1 s",
    "worker [21] sleeping 1 min 30 s",
    "fresh [22] idle",
  ]);
});
