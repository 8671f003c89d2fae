/** Lines of other tasks and CPUs within a report, where the kernel prints no callers. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { only, row, summaries, timed, timedTraces, tracesOf } from "../builders/logReports.ts";

test("the task of a warning is the one that its headline names", () => {
  const report = timed(`------------[ cut here ]------------
ODEBUG: free active (active state 0) object type: timer_list hint: lab_timeout+0x0/0xa0
FAULT_INJECTION: forcing a failure.
name failslab, interval 1, probability 0, space 0, times 0
WARNING: CPU: 1 PID: 1798 at lib/debugobjects.c:287 debug_print_object+0x16a/0x250
CPU: 0 PID: 26531 Comm: other Not tainted 4.14.90 #1
CPU: 1 PID: 1798 Comm: kworker/1:2 Not tainted 4.14.90 #1
Call Trace:
 dump_stack+0x101/0x1b4
 lab_release+0x20/0x40`).at(-1)!;
  assert.equal(row(report, "Task"), "kworker/1:2, PID 1798, CPU 1");
  assert.match(report.explanation, /An object \(timer_list of `lab_timeout`\) was freed while it was still active/);
});

test("a message that stands before the cut mark belongs to the check", () => {
  const report = only(
    timed(`refcount_t: underflow; use-after-free.
------------[ cut here ]------------
WARNING: CPU: 1 PID: 2992 at lib/refcount.c:186 refcount_sub_and_test+0x167/0x1b0
CPU: 1 PID: 2992 Comm: labd Not tainted 4.14.0 #91
RIP: 0010:refcount_sub_and_test+0x167/0x1b0
Call Trace:
 lab_put+0x33/0x40`),
  );
  assert.equal(report.start, 0);
  assert.match(report.explanation, /to be dropped in a call by `lab_put`/);
});

test("a fault between the lines of two tasks names neither", () => {
  const report = timed(`BUG: unable to handle kernel paging request at 000000fe840fc4b9
PGD 216999067 P4D 216999067 PUD 0
Oops: 0000 [#1] PREEMPT SMP
PANIC: double fault, error_code: 0x0
CPU: 1 PID: 5429 Comm: lab Not tainted 4.20.0 #139
CPU: 0 PID: 0 Comm: swapper/0 Not tainted 4.20.0 #139
RIP: 0010:lab_lookup+0x11/0x80
RIP: 0010:lab_receive+0x10e/0x3e0
Call Trace:
 lab_scan+0x7f/0x100`).at(-1)!;
  assert.equal(report.kind, "double-fault");
  assert.equal(row(report, "Task"), undefined);
  assert.equal(row(report, "Where"), undefined);
});

test("entries that go on with the trace before a headline are not the report's", () => {
  const report = timed(`BUG: KASAN: stack-out-of-bounds in lab_check+0x1a/0x40
Call Trace:
 dump_stack+0x101/0x1b4
 kasan_report+0x10/0x20
list_add corruption. next->prev should be prev (ffff8880ae72d8d8), but was ffff8880a9eb8600. (next=ffff8880a9eb84f0).
 lab_check+0x71/0xa0
 lab_error+0xbc9/0x1890`).at(-1)!;
  assert.equal(report.kind, "list-corruption");
  assert.equal(row(report, "Where"), undefined);
});

test("a remark ends before the lines of lockdep into which it was printed", () => {
  const reports = timed(`[ BUG: bad unlock balance detected! ]
4.9.65 #98 Not tainted
-------------------------------------
FAULT_FLAG_ALLOW_RETRY missing 30
CPU: 0 PID: 14413 Comm: lab0 Not tainted 4.9.65 #98
lab2/14420 is trying to release lock (lab_lock) at:
[<ffffffff834dea24>] lab_stop+0xe4/0x140
but there are no more locks to release!`);
  assert.deepEqual(
    reports.map((report) => row(report, "Task")),
    ["lab2, PID 14420", "lab0, PID 14413, CPU 0"],
  );
});

test("the order 0 of a failed vmalloc is not reported as the missing memory", () => {
  const report = only(
    timed(`vmalloc: allocation failure: 17178820608 bytes
labd: page allocation failure: order:0, mode:0x24000c2
CPU: 1 PID: 12430 Comm: labd Not tainted 4.4.114 #1
Call Trace:
 [<ffffffff81cac64d>] dump_stack+0xc1/0x124
 [<ffffffff814d588d>] warn_alloc_failed+0x14d/0x240
 [<ffffffff81476863>] lab_table+0x193/0x1d0`),
  );
  assert.match(report.explanation, /by `vmalloc` of 17178820608 bytes/);
  assert.doesNotMatch(report.explanation, /free block of that order/);
});

test("a BUG that interrupts another report does not get the registers of that report", () => {
  const report = timed(`------------[ cut here ]------------
kernel BUG at lib/list_debug.c:23!
------------[ cut here ]------------
kernel BUG at mm/slab.c:4425!
RIP: 0010:__list_add_valid.cold+0xf/0x3c
Call Trace:
 lab_add+0x10/0x20`).at(-1)!;
  assert.equal(row(report, "Where"), undefined);
  assert.match(report.explanation, /^The condition .* was reached at mm\/slab\.c:4425\./);
});

test("a notice of an injected failure does not end the report of lockdep into which it is printed", () => {
  const [report, notice] = timed(`=============================
WARNING: suspicious RCU usage
4.15.0 #222 Not tainted
FAULT_INJECTION: forcing a failure.
name failslab, interval 1, probability 0, space 0, times 0
-----------------------------
CPU: 1 PID: 10708 Comm: lab2 Not tainted 4.15.0 #222
lab/a.h:302 Illegal context switch in RCU read-side critical section!
Call Trace:
 dump_stack+0x194/0x257
 should_fail+0x8c0/0xa40

other info that might help us debug this:
1 lock held by lab7/10704:
 #0:  (rcu_read_lock){....}, at: [<0000000072a5383e>] lab_take+0xe46/0x1b50
stack backtrace:
CPU: 0 PID: 10704 Comm: lab7 Not tainted 4.15.0 #222
Call Trace:
 dump_stack+0x194/0x257
 lab_sleep+0x10/0x20`);
  assert.equal(row(report!, "Task"), "lab7, PID 10704, CPU 0");
  assert.equal(row(report!, "Where"), "lab_sleep+0x10");
  assert.match(report!.explanation, /Illegal context switch/);
  assert.equal(row(notice!, "Task"), "lab2, PID 10708, CPU 1");
});

test("a line between the rule and the headline of lockdep is not a message of the report", () => {
  const report = only(
    timed(`=============================
device lab0 entered promiscuous mode
WARNING: suspicious RCU usage
4.15.0 #222 Not tainted`),
  );
  assert.equal(row(report, "Says"), undefined);
});

/** Entries of a stack from a function on to user space. */
const stack = (name: string): string => `Call Trace:
 dump_stack+0x194/0x257
 ${name}+0x208/0x400
 entry_SYSCALL_64_after_hwframe+0x26/0x9b`;

test("the stack and registers of another task that follow a report's own are not its", () => {
  const text = `BUG: using __this_cpu_read() in preemptible [00000000] code: lab4/6343
caller is __this_cpu_preempt_check+0x1c/0x20
CPU: 1 PID: 6343 Comm: lab4 Not tainted 4.9.80 #37
${stack("lab_state")}
Modules linked in:
CPU: 0 PID: 6331 Comm: lab6 Not tainted 4.9.80 #37
Hardware name: Lab
RIP: 0010:lab_pages+0x21/0x80
RSP: 0018:ffff8801ae9ef940  EFLAGS: 00010a07
Code: 00 48 c1 ea 03 <0f> b6 14 02
${stack("lab_readv")}`;
  const report = only(timed(text));
  assert.equal(row(report, "Task"), "lab4, PID 6343, CPU 1");
  assert.equal(row(report, "Instruction"), undefined);
  assert.equal(row(report, "Hardware"), undefined);
  assert.deepEqual(timedTraces(text).at(-1), [["dump_stack", "lab_state", "entry_SYSCALL_64_after_hwframe"]]);
});

test("a stack that began before a report goes on in it and is not its", () => {
  const text = `FAULT_INJECTION: forcing a failure.
name failslab, interval 1, probability 0, space 0, times 0
CPU: 1 PID: 17814 Comm: lab3 Not tainted 4.16.0 #11
Call Trace:
 dump_stack+0x1a7/0x27d
WARNING: CPU: 0 PID: 17813 at mm/lab.c:1012 lab_slab+0x5d/0x70
 lab_fail+0x914/0xae0
 entry_SYSCALL_64_after_hwframe+0x42/0xb7
CPU: 0 PID: 17813 Comm: lab0 Not tainted 4.16.0 #11
${stack("lab_mount")}`;
  const report = timed(text).at(-1)!;
  assert.equal(row(report, "Task"), "lab0, PID 17813, CPU 0");
  assert.deepEqual(timedTraces(text).at(-1), [["dump_stack", "lab_mount", "entry_SYSCALL_64_after_hwframe"]]);
});

test("entries that came while two tasks printed their stacks are of neither", () => {
  const text = `WARNING: CPU: 0 PID: 11 at mm/lab.c:1012 lab_slab+0x5d/0x70
CPU: 0 PID: 11 Comm: lab0 Not tainted 4.16.0 #11
Call Trace:
CPU: 1 PID: 12 Comm: lab1 Not tainted 4.16.0 #11
Call Trace:
 lab_one+0x914/0xae0
 lab_two+0x14/0xae0
 entry_SYSCALL_64_after_hwframe+0x42/0xb7`;
  const report = timed(text).at(-1)!;
  assert.equal(row(report, "Task"), "lab0, PID 11, CPU 0");
  assert.deepEqual(timedTraces(text).at(-1), []);
});

test("a failure that another CPU injects ends where lockdep prints its own stack", () => {
  const [lock, failure] = timed(`=============================
WARNING: suspicious RCU usage
4.15.0 #222 Not tainted
FAULT_INJECTION: forcing a failure.
name failslab, interval 1, probability 0, space 0, times 0
-----------------------------
./include/linux/rcupdate.h:302 Illegal context switch in RCU read-side critical section!
1 lock held by lab7/10704:
 #0:  (rcu_read_lock){....}, at: [<00000000db78fcdc>] lab_create+0xe46/0x1b50
stack backtrace:
CPU: 1 PID: 10708 Comm: lab2 Not tainted 4.15.0 #222
${stack("should_fail")}
CPU: 0 PID: 10704 Comm: lab7 Not tainted 4.15.0 #222
${stack("lab_alloc")}`);
  assert.equal(row(lock!, "Task"), "lab7, PID 10704, CPU 0");
  assert.match(row(lock!, "Where") ?? "", /^lab_alloc/);
  assert.equal(row(failure!, "Task"), "lab2, PID 10708, CPU 1");
});

test("entries between lost lines are no call trace", () => {
  const text = `BUG: KASAN: slab-out-of-bounds in lab_read+0x20/0x40
Call Trace:
 dump_stack+0x194/0x257
 lab_read+0x20/0x40
** 12 printk messages dropped ** [    7.200000]  lab_other+0x20/0x40
** 15 printk messages dropped ** [    7.200001]  lab_third+0x20/0x40`;
  const lines = text.split("\n").map((line, i) => (line.startsWith("**") ? line : `[    7.10000${i}] ${line}`));
  assert.deepEqual(tracesOf(lines), [[["dump_stack", "lab_read"]]]);
});

test("a fault between two instructions of two processors tells neither, in the form up to 4.9 as well", () => {
  for (const [release, place] of [
    ["4.20.0", ""],
    ["4.4.0", "[<ffffffff81234567>]  [<ffffffff81234567>] "],
  ]) {
    const report = only(
      timed(`invalid opcode: 0000 [#2] PREEMPT SMP
CPU: 1 PID: 11 Comm: lab Not tainted ${release} #2
RIP: 0010:${place}lab_one+0x11/0x80
RIP: 0010:${place}lab_two+0x10e/0x3e0
Code: 00 48 c1 ea 03 <0f> 0b 14 02
Call Trace:
 lab_scan+0x7f/0x100`),
    );
    assert.equal(row(report, "Instruction"), undefined);
    assert.equal(row(report, "Where"), undefined);
  }
});

test("a failure that is injected within the stack of lockdep takes only its own stack", () => {
  const text = `=============================
WARNING: suspicious RCU usage
4.15.0 #222 Not tainted
./include/linux/rcupdate.h:302 Illegal context switch in RCU read-side critical section!
1 lock held by lab7/10704:
 #0:  (rcu_read_lock){....}, at: [<00000000db78fcdc>] lab_create+0xe46/0x1b50
stack backtrace:
CPU: 0 PID: 10704 Comm: lab7 Not tainted 4.15.0 #222
Call Trace:
 dump_stack+0x194/0x257
 lab_alloc+0x10/0x40
FAULT_INJECTION: forcing a failure.
name failslab, interval 1, probability 0, space 0, times 0
 lab_open+0x20/0x40
 entry_SYSCALL_64_after_hwframe+0x26/0x9b
RIP: 0033:0x453a59
CPU: 1 PID: 10720 Comm: lab2 Not tainted 4.15.0 #222
${stack("lab_cork")}`;
  const [lock, failure] = timed(text);
  assert.equal(lock!.end, 16);
  assert.equal(row(failure!, "Task"), "lab2, PID 10720, CPU 1");
  assert.deepEqual(timedTraces(text), [
    [["dump_stack", "lab_alloc", "lab_open", "entry_SYSCALL_64_after_hwframe"]],
    [["dump_stack", "lab_cork", "entry_SYSCALL_64_after_hwframe"]],
  ]);
});

test("a report ends where the time jumps back", () => {
  const report = only(
    summaries(`[   76.825838] BUG: using __this_cpu_add() in preemptible [00000000] code: lab0/10076
[   35.193222] caller is __this_cpu_preempt_check+0x1c/0x20
[   35.198727] CPU: 1 PID: 3344 Comm: lab1 Not tainted 4.9.68 #107`),
  );
  assert.equal(report.end, 1);
  assert.equal(row(report, "Caller"), undefined);
});

test("lines without a caller belong to a report with one only if their time is near", () => {
  const text = `[ 3481.239960][ T1234] INFO: rcu_sched detected stalls on CPUs/tasks:
[ 3481.239969][ T1234]  (detected by 1, t=105002 jiffies, g=687946, c=687945, q=520)
[  438.400447]  lab_early+0xa/0x10
 lab_user+0xa/0x10
[ 3481.240052][ T1234] Call Trace:
[ 3481.240075]  lab_spin+0x10/0x20
[ 3481.240076][ T1234]  lab_loop+0x10/0x20`;
  assert.deepEqual(tracesOf(text.split("\n")), [[["lab_spin", "lab_loop"]]]);
});
