/** What a reader of sixty reports found to be more than their logs prove, or less: each by a small log of its own. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { only, row, timed } from "../builders/logReports.ts";

const explanation = (text: string): string => only(timed(text)).explanation;

test("a jump near NULL may come from a function pointer or from a return address", () => {
  assert.match(
    explanation(`BUG: kernel NULL pointer dereference, address: 0000000000000086
#PF: supervisor instruction fetch in kernel mode
#PF: error_code(0x0010) - not-present page
RIP: 0010:0x86`),
    /near NULL: a function pointer or a return address was wrong\./,
  );
});

test("a suspicious RCU usage without its detail line is not explained as a pointer read", () => {
  assert.match(
    explanation(`=============================
WARNING: suspicious RCU usage
6.1.0-lab #1 Not tainted`),
    /^A rule of RCU was broken; the log does not show which\./,
  );
});

test("the detail line of a suspicious RCU usage may follow the report of another CPU", () => {
  const [first] = timed(`WARNING: suspicious RCU usage
6.1.0-lab #1 Not tainted
BUG: unable to handle page fault for address: ffff888011aa0a40
-----------------------------
./include/linux/rcupdate.h:302 Illegal context switch in RCU read-side critical section!`);
  assert.ok(first);
  assert.match(first.explanation, /the log does not show which\./);
});

test("a lock that a callee may have released is not reported as released by the guilty function itself", () => {
  assert.match(
    explanation(`=====================================
WARNING: bad unlock balance detected!
6.1.0-lab #1 Not tainted
-------------------------------------
labd/4405 is trying to release lock (&mm->mmap_lock) at:
[<ffffffff81000154>] __might_fault+0x154/0x1b0
but there are no more locks to release!
stack backtrace:
CPU: 1 PID: 4405 Comm: labd Not tainted 6.1.0-lab #1
Call Trace:
 dump_stack+0x1b0/0x254
 print_unlock_imbalance_bug+0x170/0x188
 lock_release+0x69c/0xa68
 __might_fault+0x170/0x1b0
 lab_restore+0x418/0x798`),
    /was released by `lab_restore` or a function that it called, but /,
  );
});

test("a lock that lockdep does not see as held is not certainly released twice", () => {
  assert.match(
    explanation(`WARNING: bad unlock balance detected!
6.1.0-lab #1 Not tainted
-------------------------------------
labd/4405 is trying to release lock (&lab->lock) at:
[<ffffffff81000154>] lab_unlock+0x154/0x1b0
but there are no more locks to release!`),
    /was released.*does not hold it according to lockdep\. Usual causes: it was released twice/,
  );
});

test("a lock in an invalid wait context may be a lock that sleeps on every kernel", () => {
  assert.match(
    explanation(`[ BUG: Invalid wait context ]
6.1.0-lab #1 Not tainted
-----------------------------
labd/4115 is trying to lock:
ffff888041e68118 (&lab->lock){++++}-{3:3}, at: lab_open+0x108/0x1b0`),
    /^A lock `&lab->lock` whose wait may sleep \(always, or on a PREEMPT_RT kernel\)/,
  );
});

test("the explanation of a leaked lock also names the callees of the work function as possible causes", () => {
  assert.match(
    explanation(`BUG: workqueue leaked lock or atomic: kworker/0:1/0x00000000/353
     last function: lab_work`),
    /its function `lab_work`, or a function that it called, did not release the lock or leave the section\.$/,
  );
});

test("the place where a stall was found is not called a loop, and the CPU is named", () => {
  const report = only(
    timed(`INFO: rcu_sched self-detected stall on CPU
	3: (104999 ticks this GP) idle=ab9/140000000000001/0 softirq=76582/76582 fqs=34894
	 (t=105000 jiffies g=36307 c=36306 q=2303)
Task dump for CPU 3:
labd            R running task on cpu   3     0 19712   4019 0x0000000c
Call Trace:
 <IRQ>  [<ffffffff816f0dc7>] sched_show_task+0x31a/0x325
 [<ffffffff816fb851>] rcu_check_callbacks+0x61e/0xc77
 [<ffffffff814f6faf>] update_process_times+0x3f/0x70
 [<ffffffff81520b6a>] tick_sched_timer+0x7a/0x130
 [<ffffffff814fa0e5>] __hrtimer_run_queues+0x3a5/0xc50
 [<ffffffff814fb30e>] hrtimer_interrupt+0x18e/0x400
 [<ffffffff8129b744>] local_apic_timer_interrupt+0x74/0x90
 [<ffffffff81012dff>] smp_apic_timer_interrupt+0xdf/0x130
 <EOI>  [<ffffffff815e3567>] lab_scan+0x37/0x120
 [<ffffffff815e3601>] lab_ioctl+0x88/0xc0
 [<ffffffff8158c62a>] do_vfs_ioctl+0x2ea/0x4b0
 [<ffffffff8158c850>] SyS_ioctl+0x60/0x90`),
  );
  assert.match(row(report, "CPUs") ?? "", /^3: \(104999 ticks this GP\)/);
  assert.match(
    report.explanation,
    /Usual causes: a loop in the kernel, .* A stack in the report shows `lab_scan\+0x37`\./,
  );
});

test("the usage count of a network device is explained; since 5.13 one reference is the device's own", () => {
  assert.match(
    explanation("unregister_netdevice: waiting for lab0 to become free. Usage count = 5"),
    /still referenced \(its usage count is 5\)/,
  );
});

test("the explanation of a wrong magic number names the lock and its user", () => {
  assert.match(
    explanation(`BUG: rwlock bad magic on CPU#0, labd/73, 00000000859f2a8d
CPU: 0 PID: 73 Comm: labd Not tainted 6.1.0-lab #0
Call Trace:
 dump_stack+0x107/0x163
 do_raw_write_lock+0x1ef/0x280
 lab_reinit+0x1f7/0x630`),
    /^The magic number of the lock, used in `lab_reinit` or in a call by it, is wrong/,
  );
});

test("the explanation of a reference counter names the calling function", () => {
  assert.match(
    explanation(`------------[ cut here ]------------
refcount_t: underflow; use-after-free.
WARNING: CPU: 0 PID: 4270 at lib/refcount.c:28 refcount_warn_saturate+0x1d1/0x1e0
RIP: 0010:refcount_warn_saturate+0x1d1/0x1e0
Call Trace:
 lab_put+0x13/0x30
 lab_close+0x23/0x60
---[ end trace 0000000000000000 ]---`),
    /to be dropped in a call by `lab_put` .* Usual causes: more references were dropped than taken, or the counter was overwritten\./,
  );
});

test("the failed condition of lockdep is quoted; before 4.13 it follows the headline", () => {
  const report = only(
    timed(`------------[ cut here ]------------
WARNING: CPU: 1 PID: 4085 at kernel/locking/lockdep.c:3190 __lock_acquire+0x23b3/0x4b50()
DEBUG_LOCKS_WARN_ON(id >= MAX_LOCKDEP_KEYS)
CPU: 1 PID: 4085 Comm: labd Not tainted 4.4.107 #2
Call Trace:
 [<ffffffff81d03a1d>] dump_stack+0xc1/0x124
 [<ffffffff812361f3>] __lock_acquire+0x23b3/0x4b50
 [<ffffffff8123a1fe>] lock_acquire+0x15e/0x460
 [<ffffffff825b46c9>] lab_remove+0x69/0x110`),
  );
  assert.match(report.explanation, /“DEBUG_LOCKS_WARN_ON\(id >= MAX_LOCKDEP_KEYS\)”\) in `lab_remove`/);
});

test("the explanation of a double fault outside of a kernel stack names the stack pointer", () => {
  const fault = (stack: string): string =>
    explanation(`PANIC: double fault, error_code: 0x0
CPU: 0 PID: 917 Comm: labd Not tainted 6.1.0-lab #2
RIP: 0010:lab_ioctl+0xfea/0x103e
RSP: 0000:${stack} EFLAGS: 00010283
RAX: 0000000000277d78 RBX: 0000000000008933 RCX: ffff8800141a8000`);
  assert.match(fault("0000000000277d78"), /RSP is 0x277d78, which is not a kernel address/);
  assert.match(fault("ffffc90000277d78"), /Usual causes: the kernel stack overflowed/);
});

test("the explanation of a corrupted stack end names the task", () => {
  assert.match(
    explanation(`Kernel panic - not syncing: corrupted stack end detected inside scheduler
CPU: 2 PID: 6265 Comm: labd Not tainted 6.1.0-lab #6`),
    /^The last word of the kernel stack of `labd` was overwritten/,
  );
});

test("after an alignment trap on arm the program counter is past the instruction, so no instruction is named", () => {
  const [, fault] = timed(`Alignment trap: not handling instruction e1932f9f at [<8028bd58>]
Unhandled fault: alignment exception (0x001) at 0x000008ad
Internal error: : 1 [#1] SMP ARM
PC is at lab_copy+0x154/0x39c
LR is at lab_copy+0x148/0x39c
pc : [<8028bd5c>]    lr : [<8028bd50>]    psr: 20030013
r3 : 000008ad  r2 : ae648000  r1 : 00040000  r0 : 00000019
Code: e3530000 e2833010 1a000002 e1932f9f (e2822001)
---[ end trace 0eb64bd854360932 ]---`);
  assert.ok(fault);
  assert.equal(row(fault, "Address"), "0x8ad");
  assert.equal(row(fault, "Instruction"), undefined);
});
