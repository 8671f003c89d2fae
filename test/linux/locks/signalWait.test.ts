import assert from "node:assert/strict";
import { test } from "node:test";
import type { Wait } from "../../../src/linux/locks/resource.ts";
import { taskWait } from "../../../src/linux/locks/taskWait.ts";
import type { ToyKernel } from "../../builders/kernel.ts";
import { type Sleeper, sleepingKernel } from "../../builders/sleepers.ts";
import { taskAddress, type ToyTask } from "../../builders/tasks.ts";

const TRACED = 8;
const STOPPED = 4;

const asleep = (
  functions: readonly string[],
  members: string,
  others: Sleeper["with"],
  tasks: ToyTask[] = [],
): Wait => {
  const kernel: ToyKernel = sleepingKernel({
    taskMembers: members,
    sleepers: [{ pid: 5, comm: "waiter", functions: ["schedule", ...functions], with: others ?? {} }],
    tasks,
  });
  return taskWait(kernel, taskAddress(5));
};

const held = ({ state }: Wait): readonly (readonly [bigint, string])[] =>
  (state?.holders ?? []).map(({ task, certainty }) => [task, certainty]);

test("a stopped task waits for SIGCONT, a traced one for its tracer", () => {
  const stop = asleep(["do_signal_stop", "get_signal"], "unsigned int ptrace;", { __state: STOPPED });
  assert.equal(stop.resource?.phrase, "SIGCONT");
  const others = { __state: TRACED, ptrace: 1, parent: taskAddress(7) };
  const traced = asleep(["ptrace_stop", "get_signal"], "unsigned int ptrace;", others, [{ pid: 7, comm: "tracer" }]);
  assert.equal(traced.resource?.phrase, "its tracer");
  assert.deepEqual(held(traced), [[taskAddress(7), "certain"]]);
});

test("a task in get_signal that is not frozen waits for nothing that is known", () => {
  const wait = asleep(["get_signal", "exit_to_user_mode"], "unsigned int frozen;", { __state: 1, frozen: 0 });
  assert.equal(wait.resource, undefined);
});

test("a frozen task waits until its cgroup is thawed", () => {
  const wait = asleep(["get_signal", "exit_to_user_mode"], "unsigned int frozen;", { __state: 1, frozen: 1 });
  assert.equal(wait.resource?.kind, "freezer");
});

test("a task in pause waits for a signal", () => {
  assert.equal(asleep(["__x64_sys_pause"], "", { __state: 1 }).resource?.phrase, "a signal");
});
