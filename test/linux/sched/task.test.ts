import assert from "node:assert/strict";
import { test } from "node:test";
import { attempt, Fault } from "../../../src/base/fault.ts";
import { cpuTask, runningOn } from "../../../src/linux/sched/cpu.ts";
import * as linux from "../../../src/linux/sched/task.ts";
import { stateBits, stateLetters } from "../../../src/linux/sched/taskState.ts";
import type { Kernel } from "../../../src/model/kernel.ts";
import { toyKernel } from "../../builders/kernel.ts";
import { taskAddress, toyTasks } from "../../builders/tasks.ts";

const machine = {
  cpus: [0, 20],
  tasks: [
    { pid: 20, comm: "threadpool", parent: 1 },
    { pid: 1, comm: "init" },
    { pid: 22, comm: "worker-1", tgid: 20, parent: 1, cpu: 1 },
    { pid: 21, comm: "worker-0", tgid: 20, parent: 1 },
  ],
};

const names = (kernel: Kernel): string[] => linux.taskTable(kernel).tasks.map((task) => task.at("comm").text());

test("every task is listed by pid, idle tasks first, threads among them", () => {
  const kernel = toyTasks(machine);
  assert.deepEqual(names(kernel), ["swapper/0", "swapper/1", "init", "threadpool", "worker-0", "worker-1"]);
  assert.equal(linux.taskTable(kernel).fault, undefined);
});

test("the threads of a process start with its leader", () => {
  const kernel = toyTasks(machine);
  const leader = kernel.object("struct task_struct", taskAddress(20));
  assert.deepEqual([...linux.threads(leader)].map(linux.taskPid), [20, 22, 21]);
});

test("tasks are found by pid and by address, and pid 0 is every idle task", () => {
  const kernel = toyTasks(machine);
  assert.equal(linux.findTask(kernel, 21)?.address, taskAddress(21));
  assert.equal(linux.findTask(kernel, 99), undefined);
  assert.equal(linux.tasksByPid(kernel).get(0)?.length, 2);
  assert.equal(linux.taskAt(kernel, taskAddress(22))?.address, taskAddress(22));
  assert.equal(linux.taskAt(kernel, taskAddress(22) + 8n), undefined);
});

test("the task that a CPU was running, and the CPU of a task, are found", () => {
  const kernel = toyTasks(machine);
  assert.equal(linux.taskPid(cpuTask(kernel, 1)), 20);
  assert.equal(runningOn(kernel, kernel.object("struct task_struct", taskAddress(20))), 1);
  assert.equal(runningOn(kernel, kernel.object("struct task_struct", taskAddress(1))), undefined);
});

test("tasks before a break in the list are kept, and the pid table gives those after it", () => {
  const kernel = toyTasks({
    ...machine,
    tasks: [{ pid: 1, comm: "init", with: { tasks: { next: 0xdead_0000n } } }, ...machine.tasks.slice(2)],
  });
  const pid = 0xffff_8880_3000_0000n;
  const links = kernel.object("struct task_struct", taskAddress(22)).at("pid_links[0]").address;
  kernel.put("struct pid", pid, { tasks: [{ first: links }] });
  kernel.put("struct pid_namespace", kernel.variable("init_pid_ns").address, { idr: { idr_rt: { xa_head: pid } } });
  assert.deepEqual(names(kernel), ["swapper/0", "swapper/1", "init", "worker-1"]);
  assert.equal(linux.taskTable(kernel).fault?.kind, "excluded");
});

test("a broken thread list of one process does not hide other processes", () => {
  const kernel = toyTasks({
    cpus: [0],
    tasks: [
      { pid: 1, comm: "init", with: { thread_node: { next: 0xdead_0000n } } },
      { pid: 20, comm: "pool" },
      { pid: 21, comm: "pool-0", tgid: 20 },
    ],
  });
  assert.deepEqual(names(kernel), ["swapper/0", "init", "pool", "pool-0"]);
  assert.equal(linux.taskTable(kernel).fault?.kind, "excluded");
});

test("a thread list that runs into another process's ends there", () => {
  const kernel = toyTasks({ cpus: [0], tasks: [{ pid: 1, comm: "init" }, { pid: 20, comm: "pool" }, { pid: 21, comm: "x", tgid: 20 }] }); // prettier-ignore
  const [init, stranger] = [1, 21].map((pid) => kernel.object("struct task_struct", taskAddress(pid)));
  assert.ok(init && stranger);
  kernel.put("struct list_head", init.at("thread_node").address, { next: stranger.at("thread_node").address });
  const pids: number[] = [];
  const end = attempt(() => {
    for (const thread of linux.threads(init)) pids.push(linux.taskPid(thread));
  });
  assert.deepEqual(pids, [1]);
  assert.ok(end instanceof Fault && end.kind === "corrupt");
});

test("a dump without task types has no tasks, and the reason is reported", () => {
  const kernel = toyKernel({ symbols: { init_task: 0x1000n } });
  const table = linux.taskTable(kernel);
  assert.deepEqual(table.tasks, []);
  assert.equal(table.fault?.kind, "unknown");
  assert.ok(attempt(() => cpuTask(kernel, 0)) instanceof Fault);
});

/** __state | exit_state (include/linux/sched.h) and crash's letters. */
const states: readonly (readonly [number, string])[] = [
  [0x0, "RU"],
  [0x1, "IN"],
  [0x2, "UN"],
  [0x102, "UN"], // TASK_KILLABLE
  [0x402, "ID"], // TASK_IDLE
  [0x104, "ST"],
  [0x8, "TR"],
  [0x20, "ZO"],
  [0xa0, "ZO"], // a zombie is TASK_DEAD, too
  [0x10, "DE"],
  [0x80, "DE"],
  [0x40, "PA"],
  [0x200, "WA"],
  [0x800, "NE"],
  [0x1000, "UN"], // TASK_RTLOCK_WAIT
];

test("task states have the same names as in crash", () => {
  for (const [state, letters] of states) assert.equal(stateLetters(state), letters, `0x${state.toString(16)}`);
});

/** Names of task_state_array by kernel, and states with the letters that they have there. */
const oldStates: readonly (readonly [version: string, names: string, states: readonly (readonly [number, string])[]])[] = [
  ["v4.14", "R S D T t X Z P I", [[0x102, "UN"], [0x80, "DE"], [0x40, "PA"], [0x20, "ZO"]]],
  ["v4.9", "R S D T t X Z", [[0x82, "UN"], [0x81, "IN"], [0x40, "DE"], [0x200, "PA"], [0x100, "WA"], [0x20, "ZO"], [0x402, "ID"]]],
  ["v3.10", "R S D T t Z X x K W P", [[0x82, "UN"], [0x10, "ZO"], [0x20, "DE"], [0x40, "DE"], [0x200, "PA"]]],
]; // prettier-ignore

const STATE_WORDS: Readonly<Record<string, string>> = { R: "running", Z: "zombie", P: "parked" };

for (const [version, letters, expected] of oldStates)
  test(`the bits of task states are those of ${version}`, () => {
    const names = letters.split(" ").map((letter) => `${letter} (${STATE_WORDS[letter] ?? "other"})`);
    const kernel = toyKernel({
      types: "struct name { char text[16]; };",
      symbols: { task_state_array: 0x8000n },
      memory: [
        ["unsigned long [12]", 0x8000n, names.map((_, i) => 0x9000n + BigInt(i * 16))],
        ...names.map((text, i) => ["struct name", 0x9000n + BigInt(i * 16), { text }] as const),
      ],
    });
    for (const [state, name] of expected)
      assert.equal(stateLetters(stateBits(kernel)(state)), name, `0x${state.toString(16)}`);
  });

test("members that the walk over all tasks read are not read again", (t) => {
  const kernel = toyTasks(machine);
  const { tasks } = linux.taskTable(kernel);
  const members = tasks.map((task) => [task.at("pid").number(), task.at("comm").text(), task.at("stack").value()]);
  const reads = (["u32", "read", "u64"] as const).map((name) => t.mock.method(kernel.memory, name));
  const walked = tasks.map((task) => [linux.taskPid(task), linux.taskComm(task), linux.taskStack(task)]);
  const others = tasks.map((task) => [linux.rawTaskState(task), linux.taskCpu(task)]);
  assert.deepEqual(
    reads.map(({ mock }) => mock.callCount()),
    [0, 0, 0],
  );
  assert.deepEqual(walked, members);
  const unread = toyTasks(machine);
  assert.deepEqual(
    others,
    tasks
      .map(({ address }) => unread.object("struct task_struct", address))
      .map((task) => [linux.rawTaskState(task), linux.taskCpu(task)]),
  );
});
