/** What follows the stack of a report is not part of it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { factsOf } from "../../src/log/facts.ts";
import { KernelLog } from "../../src/log/kernelLog.ts";

const tracesOf = (text: string) => {
  const log = KernelLog.of(text.split("\n").map((line, i) => `[    7.${String(100000 + i)}] ${line}`));
  return factsOf(log, log.reports[0]!).traces.map(({ role, entries }) => ({
    role,
    names: entries.map(({ name }) => name),
  }));
};

test("the place that an oops repeats after its code is not a frame of its trace", () => {
  assert.deepEqual(
    tracesOf(`general protection fault: 0000 [#1] SMP KASAN
CPU: 1 PID: 3 Comm: labd Not tainted 4.15.0 #1
RIP: 0010:lab_compare+0x9/0x40
RSP: 0018:ffffc90000f13ea0 EFLAGS: 00010202
Call Trace:
 lab_call+0x10/0x20
 entry_SYSCALL_64_fastpath+0x1f/0x96
Code: 00 00 <0f> b6 07
RIP: lab_compare+0x9/0x40 RSP: ffffc90000f13ea0`),
    [{ role: "stack", names: ["lab_call", "entry_SYSCALL_64_fastpath"] }],
  );
});

test("the stack that a panic prints after the stacks of other CPUs belongs to the report", () => {
  const traces = tracesOf(`watchdog: BUG: soft lockup - CPU#0 stuck for 123s! [labd:12]
CPU: 0 PID: 12 Comm: labd Not tainted 5.6.0 #1
RIP: 0010:lab_spin+0x10/0x20
Call Trace:
 lab_loop+0x10/0x20
Sending NMI from CPU 0 to CPUs 1:
NMI backtrace for cpu 1
CPU: 1 PID: 0 Comm: swapper/1 Not tainted 5.6.0 #1
Call Trace:
 lab_idle+0x10/0x20
Kernel panic - not syncing: softlockup: hung tasks
CPU: 0 PID: 12 Comm: labd Tainted: G L 5.6.0 #1
Call Trace:
 dump_stack+0x10/0x20
 panic+0x10/0x20`);
  assert.deepEqual(
    traces.map(({ role }) => role),
    ["stack", "cpu", "stack"],
  );
});

test("words of a stack or of code are no entries of a trace", () => {
  const [trace] = tracesOf(`INFO: task labd:12 blocked for more than 140 seconds.
Call Trace:
 [<ffffffff82a350bb>] schedule+0x9b/0x1c0
 [<ffffffff82a491cf>] tracesys_phase2+0x90/0x95
 ffff8800b9fc6040 0000000000000000 ffff8800a7c5c840 ffff8801db61dd40
 ffff8801db61dd58 ffff8800b9f27858 ffffffff82a33b03 ffffffff00000000`);
  assert.deepEqual(trace?.names, ["schedule", "tracesys_phase2"]);
});

test("entries after three dots are not shown as called by those before them", () => {
  const traces = tracesOf(`BUG: unable to handle kernel NULL pointer dereference at 0000000000000074
CPU: 1 PID: 12 Comm: labd Not tainted 4.14.0 #1
Call Trace:
 lab_done+0x72b/0xde0
 lab_encrypt+0x50a/0xaf0
...
 SyS_recvmsg+0x2d/0x50`);
  assert.deepEqual(
    traces.map(({ names }) => names),
    [["lab_done", "lab_encrypt"], ["SyS_recvmsg"]],
  );
});
