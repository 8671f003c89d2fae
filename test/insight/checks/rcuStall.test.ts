/** CPUs and tasks for which an RCU grace period waited. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { rcuStall } from "../../../src/insight/checks/rcuStall.ts";
import { checked, crashWith } from "../../builders/checks.ts";

const stall = (...lines: readonly string[]): string => {
  const crash = crashWith([...lines, "CPU: 0 PID: 7 Comm: sh Not tainted 6.1.0 #1"], { stopped: false });
  return checked(rcuStall, crash).texts[0] ?? "";
};

test("a CPU with interrupts off, whose line ends in a digit, is named", () => {
  assert.match(
    stall(
      "rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:",
      "rcu: \t3-...0: (1 GPs behind) idle=4b2/1/0x4000000000000000 softirq=12/12 fqs=5249",
    ),
    /^The grace period waited for a quiescent state of CPU 3; the report/,
  );
});

test("a blocked task is not said to run on a CPU that also delays the grace period", () => {
  assert.match(
    stall(
      "rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:",
      "rcu: \tTasks blocked on level-0 rcu_node (CPUs 0-1): P174/1:b..l",
      "rcu: \t1-....: (1227 ticks this GP) idle=1",
    ),
    /of CPU 1, and of task 174; the report/,
  );
});

test("the CPUs and tasks in the headline of an expedited stall and of an old kernel are named", () => {
  const expedited = "rcu: INFO: rcu_preempt detected expedited stalls on CPUs/tasks: { 2-...D P31 } 123 jiffies s: 1";
  assert.match(stall(expedited), /of CPU 2, and of task 31; the report/);
  const old = "INFO: rcu_sched detected stalls on CPUs/tasks: { 1 3} (detected by 0, t=60002 jiffies, g=1, c=2, q=3)";
  assert.match(stall(old), /of CPU 1, and of CPU 3; the report/);
  assert.match(
    stall("INFO: rcu_sched self-detected stall on CPU { 5}  (t=60000 jiffies g=1 c=2 q=3)"),
    /of CPU 5; the/,
  );
});

test("a late timer of the grace-period thread is not called a lack of CPU time", () => {
  const text = stall(
    "rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:",
    "rcu: \t1-....: (1227 ticks this GP) idle=1",
    "rcu: rcu_preempt kthread timer wakeup didn't happen for 5231 jiffies! g1 f0x0 RCU_GP_WAIT_FQS(5) ->state=0x402",
  );
  assert.match(text, /did not wake it in time\.$/);
  assert.doesNotMatch(text, /starved/);
});
