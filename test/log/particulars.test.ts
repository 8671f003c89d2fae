/** What an explanation names of this very report. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { only, row, timed } from "../builders/logReports.ts";

const meaning = (text: string): string => only(timed(text)).explanation;

test("the bits of preempt_count give the reason why a task may not be scheduled", () => {
  assert.match(
    meaning("BUG: scheduling while atomic: labd/12/0x00000101"),
    /forbidden: it is a softirq \(preempt_count/,
  );
  assert.match(
    meaning("BUG: scheduling while atomic: labd/12/0x00010001"),
    /forbidden: it is a hardware interrupt \(preempt_count/,
  );
  assert.match(
    meaning(`BUG: scheduling while atomic: labd/12/0x00000201
no locks held by labd/12.`),
    /forbidden: softirqs are disabled \(`local_bh_disable`\)/,
  );
});

test("the explanation of an atomic sleep names the held locks", () => {
  assert.match(
    meaning(`BUG: sleeping function called from invalid context at mm/slab.h:420
in_atomic(): 0, irqs_disabled(): 0, non_block: 0, pid: 12, name: labd
1 lock held by labd/12:
 #0: ffffffff8bf797a0 (rcu_read_lock){....}-{1:2}, at: lab_receive+0x1da/0x1300`),
    /Locks held: `rcu_read_lock`\.$/,
  );
});

test("the explanation of an invalid wait context compares the wait types of the lock and of the context", () => {
  const report = (context: string, held: string): string =>
    meaning(`=============================
[ BUG: Invalid wait context ]
5.10.2 #14 Not tainted
-----------------------------
labd/95 is trying to lock:
83711010 (&n->lab_lock){..-.}-{3:3}, at: lab_take+0x2a8/0x558
other info that might help us debug this:
context-{${context}}
1 lock held by labd/95:
 #0: 81223780 (rcu_read_lock){....}-{1:${held}}, at: lab_lookup+0x0/0x4a8`);
  assert.match(report("2:2", "3"), /locks up to wait type 2 \(the lock has 3\), such as an interrupt/);
  assert.match(
    report("4:4", "2"),
    /requested while `rcu_read_lock` is held, which allows locks up to wait type 2 \(the lock has 3\)/,
  );
});

test("an overflow of UBSAN in two lines is read whole", () => {
  assert.match(
    meaning(`UBSAN: Undefined behaviour in lab/x.c:310:16
signed integer overflow:
-1720106381 + -1531247276 cannot be represented in type 'int'`),
    /does not fit its type at lab\/x\.c:310:16: signed integer overflow: -1720106381 \+/,
  );
});

test("KFENCE's invalid free is a second free or not the start of an object", () => {
  const report = (address: string, tail = ""): string =>
    meaning(`==================================================================
BUG: KFENCE: invalid free in lab_free+0xdc/0x171

Invalid free of ${address} (in kfence-#33):
 lab_free+0xdc/0x171

kfence-#33 [0xffff8c2aae244fe0-0xffff8c2aae244fff, size=32, cache=kmalloc-32] allocated by task 116:
 lab_make+0x76/0x171
${tail}`);
  assert.match(
    report("0xffff8c2aae244fe0", "\nfreed by task 116:\n lab_free+0xa8/0x171"),
    /^The object at 0xffff8c2aae244fe0 was freed twice\..*allocated in a call by `lab_make` \(task 116\)/,
  );
  assert.match(report("0xffff8c2aae244fe1"), /not the start of the object there \(0xffff8c2aae244fe0\)/);
});

test("the CPU that the hard-lockup watchdog names after its headline is the report's", () => {
  const report = only(
    timed(`WARNING: at kernel/watchdog.c:245 watchdog_overflow_callback+0x9c/0xd0()
Hardware name: Lab
Watchdog detected hard LOCKUP on cpu 3
Pid: 0, comm: swapper/0 Not tainted 3.8.9 #1`),
  );
  assert.match(report.explanation, /found that CPU 3 took/);
});

test("the explanation of a stack overflow gives the bounds, the address and the recursive function", () => {
  const frames = Array.from({ length: 6 }, () => " lab_notify+0x40/0x80").join("\n");
  const report = only(
    timed(`Insufficient stack space to handle exception!
ESR: 0x0000000096000047 -- DABT (current EL)
FAR: 0xffff800015fdffa0
Task stack:     [0xffff800015fe0000..0xffff800015fe4000]
CPU: 1 PID: 16874 Comm: labd Not tainted 6.0.0 #0
pc : lab_notify+0x4/0x80
Call trace:
${frames}`),
  );
  assert.match(report.explanation, /an access at 0xffff800015fdffa0, the stack is \[0xffff800015fe0000\.\./);
  assert.match(report.explanation, /`lab_notify` is in the trace 6 times/);
});

test("a jump to an address that is not aligned names the address and the caller", () => {
  const report = only(
    timed(`Internal error: Oops - SP/PC alignment exception: 8a000000 [#1] PREEMPT SMP
CPU: 6 PID: 1942 Comm: labd Not tainted 4.9.232 #1
PC is at 0xffffffffdeadbeef
LR is at lab_call+0x34/0x48
pc : [<ffffffffdeadbeef>] lr : [<ffffff90080ed944>] pstate: 60400145
Call trace:
[<0000000015c44a38>] 0xffffffffdeadbeef
[<000000004fa15e98>] el0_svc_naked+0x34/0x38`),
  );
  assert.match(report.explanation, /^The program counter, 0xffffffffdeadbeef, is not aligned/);
  assert.equal(row(report, "Where"), "lab_call+0x34");
});

test("both sides of a race are named", () => {
  assert.match(
    meaning(`==================================================================
BUG: KCSAN: data-race in lab_read / lab_write

read to 0xffffffff85a7f140 of 8 bytes by task 1082 on cpu 7:
 lab_read+0x57/0xe0

write to 0xffffffff85a7f140 of 8 bytes by interrupt on cpu 4:
 lab_write+0x4f/0xa0
==================================================================`),
    /One: read to 0xffffffff85a7f140 of 8 bytes by task 1082 on cpu 7\. The other: write to .* by interrupt on cpu 4\./,
  );
});

test("a panic at a warning does not name a stall as its cause", () => {
  const [, panic] = timed(`rcu: INFO: rcu_sched self-detected stall on CPU
rcu: 	1-...: (12000 ticks this GP) idle=1/1/0
Call Trace:
 lab_spin+0x10/0x20
Kernel panic - not syncing: panic_on_warn set ...`);
  assert.equal(panic === undefined ? undefined : row(panic, "Cause"), undefined);
});

test("the explanation of a hung task says what it waits for, and mentions a holder only for a lock", () => {
  const report = (wait: string): string =>
    meaning(`INFO: task labd:12 blocked for more than 120 seconds.
      Not tainted 6.1.0 #1
task:labd state:D stack:0 pid:12 ppid:1
Call Trace:
 __schedule+0x10/0x20
 schedule+0x10/0x20
 ${wait}+0x10/0x20
 lab_open+0x10/0x20`);
  assert.match(
    report("__mutex_lock"),
    /It waits for a mutex in a call by `lab_open\+0x10`\. Find the task that holds it/,
  );
  assert.match(
    report("wait_for_completion"),
    /a completion in a call by `lab_open\+0x10`\. Find what should have ended/,
  );
});

test("a stall of Tasks RCU is explained by tasks that do not yield their CPU", () => {
  assert.match(
    meaning(`INFO: rcu_tasks detected stalls on tasks:
ffff88802f594a80: .. nvcsw: 2/2 holdout: 1 idle_cpu: -1/1
task:labd state:R  running task     stack:24168 pid:14797 tgid:14796 ppid:5615`),
    /waits for tasks \(labd, PID 14797\) that did not yield their CPU voluntarily/,
  );
});

test("the explanation of uninitialised memory has its range and its allocation", () => {
  const report = (tail: string): string =>
    meaning(`=====================================================
BUG: KMSAN: uninit-value in lab_send+0x20e2/0x3000
 lab_send+0x20e2/0x3000
 lab_queue+0x10/0x20

Uninit was created at:
 __alloc_pages+0x9a4/0xe00
 lab_make+0x42/0x120

${tail}CPU: 1 PID: 12 Comm: labd Not tainted 6.1.0 #1
=====================================================`);
  assert.match(report(""), /^An uninitialised value was used in `lab_send` .* allocated in a call by `lab_make`\./);
  assert.match(
    report("Bytes 0-4095 of 4096 are uninitialized\nMemory access of size 4096 starts at ffff888011aa0000\n\n"),
    /^Uninitialised memory was found in a check in `lab_send` .* before it is passed to a device\./,
  );
});

test("the bytes that SLUB found overwritten are named", () => {
  assert.match(
    meaning(`=============================================================================
BUG kmalloc-64 (Not tainted): Poison overwritten
-----------------------------------------------------------------------------

INFO: 0xffff8880f2751962-0xffff8880f2751995. First byte 0x98 instead of 0x6b`),
    /^The poison of an object of cache kmalloc-64 was overwritten \(0xffff8880f2751962-0xffff8880f2751995; the first byte is 0x98 instead of 0x6b\)/,
  );
});

test("lockdep's own functions are not where a lock was taken wrongly", () => {
  const report = only(
    timed(`[ INFO: inconsistent lock state ]
3.4.0 #1 Not tainted
inconsistent {IN-SOFTIRQ-W} -> {SOFTIRQ-ON-W} usage.
Call Trace:
 [<ffffffff8109a864>] print_usage_bug+0x1f6/0x207
 [<ffffffff8109a864>] valid_state+0x1f6/0x207
 [<ffffffff8109a864>] mark_lock+0x10/0x20
 [<ffffffff8109a864>] lab_sum+0xd/0x58`),
  );
  assert.equal(row(report, "Where"), "lab_sum+0xd");
});

test("the explanation has the address that KASAN checked, not its shadow address", () => {
  const report = (range: string): string =>
    meaning(`general protection fault, probably for non-canonical address 0xe0017c0000000006: 0000 [#1] SMP KASAN
KASAN: ${range}-memory-access in range [0x000c000000000030-0x000c000000000037]
CPU: 1 PID: 12 Comm: labd Not tainted 6.0.0 #0
RIP: 0010:lab_spin+0x12d/0x2d0`);
  assert.match(
    report("maybe wild"),
    /^Most likely KASAN's check of an address in \[0x000c000000000030-0x000c000000000037\]/,
  );
  assert.match(report("probably user"), /KASAN counts it as an address of user space/);
});

test("a wait for I/O is mentioned once", () => {
  assert.match(
    meaning(`INFO: task labd:12 blocked in I/O wait for more than 143 seconds.
      Not tainted 6.1.0 #1
task:labd state:D stack:0 pid:12 ppid:1
Call Trace:
 __schedule+0x10/0x20
 io_schedule+0x10/0x20
 lab_read+0x68/0x120`),
    /more than 143 s, in a wait that the kernel counts as I\/O\. It waits in a call by `lab_read\+0x68`/,
  );
});

test("the limit of a control group is reported when the kernel panics before it selects a process", () => {
  const told = meaning(`labd invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0
CPU: 0 PID: 177 Comm: labd Not tainted 6.1.0 #1
memory: usage 16384kB, limit 16384kB, failcnt 20
Memory cgroup stats for /lab/a:
Kernel panic - not syncing: Out of memory: compulsory panic_on_oom is enabled`);
  assert.match(told, /^The control group \/lab\/a has no memory left that it may use \(memory limit 16384kB\)/);
  assert.match(told, /also in a control group \(`vm.panic_on_oom` is 2\)\.$/);
});

test("the code bytes of a user program do not change the kernel's instruction", () => {
  assert.match(
    meaning(`invalid opcode: 0000 [#1] PREEMPT SMP NOPTI
CPU: 0 PID: 87 Comm: labd Not tainted 6.1.0 #1
RIP: 0010:lab_rate+0x5/0x10 [lab]
Code: 90 0f 1f 44 00 00 <0f> 0b 66 0f 1f 84
RSP: 0018:ffffa5b1c0003e00 EFLAGS: 00010246
Call Trace:
 lab_open+0x10/0x20
RIP: 0033:0x7f1c1e1
Code: 00 00 0f 05 <48> 3d 00 f0 ff ff`),
    /^The processor executed `ud2`/,
  );
});

test("the poison of freed memory is also explained as uninitialised memory", () => {
  assert.match(
    meaning("general protection fault, probably for non-canonical address 0x6b6b6b6b6b6b6b73: 0000 [#1] SMP"),
    /used after it was freed, or was allocated in such memory and never initialised\.$/,
  );
});

test("a call of NULL came from the first address on the stack, although the unwinder doubts it", () => {
  const report = only(
    timed(`BUG: unable to handle kernel NULL pointer dereference at 0000000000000000
IP:           (null)
Oops: 0010 [#1] SMP KASAN
CPU: 0 PID: 4204 Comm: labd Not tainted 4.16.0 #1
RIP: 0010:          (null)
RSP: 0018:ffff8801ae207a08 EFLAGS: 00010246
Call Trace:
 ? lab_poll+0x211/0xdd0
 lab_sock_poll+0x1d1/0x2a0
 do_select+0x10/0x20`),
  );
  assert.match(report.explanation, /Most likely `lab_poll\+0x211` made the call \(the first address on the stack\)\./);
  assert.equal(row(report, "Where"), "lab_poll+0x211");
});

test("KASAN's variable is in the line below its sentence", () => {
  const report = only(
    timed(`BUG: KASAN: global-out-of-bounds in lab_pick+0x10/0x20
Read of size 4 at addr ffffffff8b2d5640 by task labd/12
The buggy address belongs to the variable:
 lab_policy+0x20/0x40
Memory state around the buggy address:`),
  );
  assert.equal(row(report, "Variable"), "lab_policy+0x20/0x40");
});
