/** Which tasks a command line means, and commands that go by tasks. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { taskPid } from "../../../../src/linux/sched/task.ts";
import { words } from "../../../../src/crash/language/parse.ts";
import { tasksMatching, tasksOf } from "../../../../src/crash/language/taskSelector.ts";
import { taskAddress, toyTasks } from "../../../builders/tasks.ts";
import { data, toyContext, transcript } from "../../../builders/transcript.ts";

const TASK_INTERRUPTIBLE = 1;
const TASK_UNINTERRUPTIBLE = 2;
const PF_KTHREAD = 0x200000;

function context() {
  const kernel = toyTasks({
    cpus: [16, 0],
    tasks: [
      { pid: 1, comm: "init", with: { __state: TASK_INTERRUPTIBLE } },
      { pid: 2, comm: "kthreadd", with: { flags: PF_KTHREAD, __state: TASK_INTERRUPTIBLE } },
      { pid: 10, comm: "bt", parent: 1, with: { __state: TASK_UNINTERRUPTIBLE } },
      { pid: 16, comm: "worker-a-long-n", parent: 1 },
      { pid: 17, comm: "worker-b", tgid: 16, cpu: 1, with: { __state: TASK_UNINTERRUPTIBLE | 0x100 } },
    ],
  });
  return toyContext(kernel, kernel.object("struct task_struct", taskAddress(1)));
}

const pidsOf = (word: string): number[] => tasksOf(context(), word).map(taskPid);
const pidsMatching = (text: string): number[] =>
  words(text).flatMap((word) => tasksMatching(context(), word).map(taskPid));

test("a task is named by a decimal pid, its address, or a pid that can only be hexadecimal", () => {
  assert.deepEqual(pidsOf("10"), [10]);
  assert.deepEqual(pidsOf("a"), [10]);
  assert.deepEqual(pidsOf("0x10"), [16]);
  assert.deepEqual(pidsOf(taskAddress(2).toString(16)), [2]);
  assert.deepEqual(pidsOf("0"), [0, 0], "pid 0 is the idle task of each CPU");
  assert.deepEqual(pidsOf("99"), []);
  assert.deepEqual(pidsOf("init"), []);
});

test("a task is named by its name, cut as the kernel cuts it, or by a pattern in single quotes", () => {
  assert.deepEqual(pidsMatching("init"), [1]);
  assert.deepEqual(pidsMatching("worker-a-long-name"), [16]);
  assert.deepEqual(pidsMatching("'^worker'"), [16, 17]);
  assert.deepEqual(pidsMatching("\\bt"), [10]);
  assert.deepEqual(pidsMatching('"init"'), [1]);
  assert.deepEqual(pidsMatching("nobody"), []);
  assert.throws(() => pidsMatching("'('"), /invalid regular expression/);
});

test("set shows the current task and selects another", () => {
  const mine = context();
  const shown = (pid: number, comm: string, cpu: number, state: string): string => {
    const address = taskAddress(pid).toString(16);
    return `    PID: ${pid}\nCOMMAND: "${comm}"\n   TASK: ${address}  [THREAD_INFO: ${address}]\n    CPU: ${cpu}\n  STATE: ${state}`;
  };
  assert.equal(transcript(mine, "set"), shown(1, "init", 0, "TASK_INTERRUPTIBLE"));
  assert.equal(transcript(mine, "set 17"), shown(17, "worker-b", 1, "TASK_UNINTERRUPTIBLE|TASK_WAKEKILL"));
  assert.equal(transcript(mine, "set"), shown(17, "worker-b", 1, "TASK_UNINTERRUPTIBLE|TASK_WAKEKILL"));
  assert.equal(transcript(mine, "set -c 0"), shown(16, "worker-a-long-n", 0, "TASK_RUNNING (ACTIVE)"));
  assert.equal(transcript(mine, "set 99"), "set: invalid task or pid value: 99");
  assert.match(transcript(mine, "set -c 7"), /^set: invalid cpu number 7/);
  assert.deepEqual(data(mine, "set 10"), [
    {
      pid: 10,
      comm: "bt",
      task: `0x${taskAddress(10).toString(16)}`,
      threadInfo: `0x${taskAddress(10).toString(16)}`,
      cpu: 0,
      state: "UN",
    },
  ]);
});

/** Pids that `foreach` chose, in its order. */
const chosen = (selectors: string): number[] =>
  data(context(), `foreach ${selectors} set`).map((task) => (task as { pid: number }).pid);

test("foreach chooses by pid, name, pattern, state and kind", () => {
  const cases: readonly (readonly [string, readonly number[]])[] = [
    ["", [0, 0, 1, 2, 10, 16, 17]],
    ["1 a", [1, 10]],
    ["init 1", [1]],
    ["'worker'", [16, 17]],
    ["\\bt", [10]],
    ["UN", [10, 17]],
    ["UN IN", [1, 2, 10, 17]],
    ["'worker' UN", [17]],
    ["kernel IN", [2]],
    ["gleader UN", [10]],
    ["active", [0, 16]],
  ];
  for (const [selectors, pids] of cases) assert.deepEqual(chosen(selectors), pids, selectors);
});

test("foreach runs commands task by task, ps once, and leaves the current task alone", () => {
  const mine = context();
  const both = transcript(mine, "foreach 1 2 set task -R prio");
  assert.match(both, /^PID: 1 [\s\S]*prio = 0[\s\S]*\n\nPID: 2 /);
  assert.match(transcript(mine, "set"), /PID: 1\n/);
});

test("foreach gives each of several commands only its flags, and a flag that none has is refused", () => {
  const both = transcript(context(), "foreach 1 ps task -R prio");
  assert.match(both, /^ +PID +PPID[^]*\nPID: 1 [^]*prio = 0/);
  assert.match(transcript(context(), "foreach 1 set task -R prio -q"), /-q/);
});

test("foreach reports words that it does not recognize", () => {
  assert.match(transcript(context(), "foreach"), /^foreach: a command is missing\nUsage:/);
  assert.match(transcript(context(), "foreach 1 nosuch"), /^foreach: no command for each task in: 1 nosuch\nUsage:/);
  assert.equal(transcript(context(), "foreach nobody set"), 'foreach: no task, name or command: "nobody"');
});

test("an error in the arguments of a command under foreach is reported once, without headings", () => {
  assert.equal(
    transcript(context(), "foreach task -R nosuch"),
    "task: nosuch: not a task_struct or thread_info member",
  );
});
