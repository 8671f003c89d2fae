/** Stacks and words of other tasks that the kernel shows within a report. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { only, row, timed, timedTraces, tracesOf } from "../builders/logReports.ts";

test("a stack that another CPU shows between a report's lines is not the report's", () => {
  const [, failure] = timed(`INFO: task labd:12 blocked for more than 140 seconds.
Call Trace:
 __schedule+0x80d/0x1c70
other: page allocation failure: order:0, mode:0x484020(GFP_ATOMIC|__GFP_COMP), nodemask=(null)
CPU: 0 PID: 7437 Comm: other Not tainted 4.19.60 #33
 schedule+0x92/0x1c0
Call Trace:
 schedule_timeout+0x4db/0xfc0
 dump_stack+0x172/0x1f0
 lab_kthread+0xd5c/0x2190
 warn_alloc.cold+0x7b/0x173
 ret_from_fork+0x24/0x30`);
  assert.equal(row(failure!, "Task"), "other, PID 7437, CPU 0");
  assert.equal(row(failure!, "Where"), undefined);
});

test("the stack of a hung task does not contain entries of a stack that goes on in it", () => {
  const traces = timedTraces(`BUG: KASAN: use-after-free in lab_read+0x20/0x40
CPU: 1 PID: 12 Comm: other Not tainted 4.16.0 #288
Call Trace:
 dump_stack+0x1a7/0x27d
 lab_read+0x20/0x40
INFO: task labd:12 blocked for more than 120 seconds.
Call Trace:
 lab_vfs+0x12e/0x130
 __schedule+0x8fb/0x1ef0
 entry_SYSENTER_compat+0x70/0x7f
 schedule+0xf5/0x430`);
  assert.deepEqual(traces[1], []);
});

test("a hung task is not named by the workqueue of a task that is shown after it", () => {
  const report = only(
    timed(`INFO: task labd:15720 blocked for more than 140 seconds.
      Not tainted 4.4.196 #0
"echo 0 > /proc/sys/kernel/hung_task_timeout_secs" disables this message.
Call Trace:
 [<ffffffff82a350bb>] schedule+0x9b/0x1c0
 [<ffffffff82a491cf>] tracesys_phase2+0x90/0x95
  task                        PC stack   pid father
kworker/0:1     D ffff8801d9358040 26968    30      2 0x00000000
Workqueue: events lab_work
Call Trace:
 [<ffffffff82a46628>] schedule_timeout+0x3c8/0x690`),
  );
  assert.equal(row(report, "Workqueue"), undefined);
});

test("a panic before a fault's end mark is of another CPU", () => {
  const report = only(
    timed(`invalid opcode: 0000 [#2] PREEMPT SMP
CPU: 1 PID: 11 Comm: lab Not tainted 4.20.0 #2
RIP: 0010:lab_one+0x11/0x80
Kernel panic - not syncing: Fatal exception
Call Trace:
 lab_scan+0x7f/0x100
---[ end trace f645f233383c1141 ]---`),
  );
  assert.equal(row(report, "Panic"), undefined);
});

test("lines of a user program do not end the stack into which they are printed", () => {
  const text = `BUG: KASAN: global-out-of-bounds in lab_compare+0xe3/0x160
CPU: 0 PID: 8786 Comm: other Not tainted 4.19.0-rc5 #251
Call Trace:
 dump_stack+0x1c4/0x2b4
22:45:44 executing program 5:
openat(0xffffffffffffff9c)
mbind(0x0, 0x3000)
close(3)
FAULT_INJECTION: forcing a failure.
 aa_label_parse+0x42/0x50
 entry_SYSCALL_64_after_hwframe+0x49/0xbe`;
  const lines = text
    .split("\n")
    .map((line, i) => (/^(?:22|open|mbind|close)/.test(line) ? line : `[    7.${String(100000 + i)}] ${line}`));
  assert.deepEqual(tracesOf(lines).at(-1), []);
});

test("a fault whose registers are lost ends with the line of its instruction", () => {
  const report = only(
    timed(`BUG: unable to handle kernel paging request at ffffffffa4493138
IP: [<ffffffff824164eb>] lab_ioctl+0x129b/0x2280`),
  );
  assert.equal(report.end, 2);
  assert.equal(row(report, "Where"), "lab_ioctl+0x129b");
});

test("entries after the entry from user space are not of the same stack", () => {
  const traces = timedTraces(`watchdog: BUG: soft lockup - CPU#1 stuck for 134s! [labd:12]
CPU: 1 PID: 12 Comm: labd Not tainted 4.16.0 #4
RIP: 0010:lab_spin+0xa1/0xc0
Call Trace:
 lab_write+0x522/0x6c0
 entry_SYSCALL_64_after_hwframe+0x42/0xb7
 lab_other+0x522/0x6c0`);
  assert.deepEqual(traces[0], [["lab_write", "entry_SYSCALL_64_after_hwframe"]]);
});

test("a CPU's own stack is not one that it prints on request of a stall", () => {
  const traces = tracesOf(
    `C1 rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:
C1 rcu: 	0-...!: (1 GPs behind) idle=a3e/1/0x4000000000000002 softirq=387990/387991 fqs=1
C0 Call Trace:
C1 Sending NMI from CPU 1 to CPUs 0:
C0  dump_stack+0x172/0x1f0
C1 NMI backtrace for cpu 0
C1 CPU: 0 PID: 28547 Comm: labd Not tainted 5.3.0 #120
C1 Call Trace:
C1  lab_loop+0x1a9/0x200
C0  lab_alloc+0x66/0x200`
      .split("\n")
      .map((line, i) => `[    7.${String(100000 + i)}][    ${line.slice(0, 2)}] ${line.slice(3)}`),
  );
  assert.deepEqual(traces[0], [["lab_loop"]]);
});
