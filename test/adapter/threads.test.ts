import assert from "node:assert/strict";
import { test } from "node:test";
import { Threads, threadName } from "../../src/adapter/threads.ts";
import { toEnd } from "../../src/base/job.ts";
import { taskPid, taskTable } from "../../src/linux/sched/task.ts";
import { toyTasks } from "../builders/tasks.ts";

const machine = () =>
  toyTasks({
    cpus: [0, 11],
    tasks: Array.from({ length: 40 }, (_, i) => ({ pid: 10 + i, comm: `t${i}`, with: { __state: 1 } })),
  });

test("threads are read from the dump once: the second list and its names read nothing", () => {
  const kernel = machine();
  const threads = new Threads(kernel, "all");
  const names = (): string[] => toEnd(threads.list()).map(threadName);
  const first = names();
  assert.equal(first.length, 42);
  assert.ok(first.includes("t1 [11] cpu 1 >"), first.join());
  for (const name of ["u8", "u16", "u32", "u64", "word", "read", "page", "cString"] as const)
    Object.assign(kernel.memory, { [name]: () => assert.fail(`${name} was called`) });
  assert.deepEqual(names(), first);
});

test("the table of tasks tells the pid of each", () => {
  const { tasks, pids } = taskTable(machine());
  assert.deepEqual(pids, tasks.map(taskPid));
});
