/** Explanations name what is particular to a report: the flag, the operation, the caller, the duration. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { only, row, timed } from "../builders/logReports.ts";

test("a panic names the report that led to it, with its task", () => {
  const report = timed(`BUG: unable to handle kernel NULL pointer dereference at 0000000000000018
CPU: 1 PID: 12 Comm: labd Not tainted 4.19.0 #1
RIP: 0010:lab_read+0x20/0x40
Call Trace:
 lab_call+0x10/0x20
---[ end trace f645f233383c1141 ]---
Kernel panic - not syncing: Fatal exception`).at(-1)!;
  assert.match(report.explanation, /NULL pointer dereference at 0000000000000018 in lab_read\+0x20 \(labd, PID 12\)/);
});

test("an injected failure names the function whose operation failed, and its task", () => {
  const report = only(
    timed(`FAULT_INJECTION: forcing a failure.
name failslab, interval 1, probability 0, space 0, times 0
CPU: 0 PID: 12 Comm: labd Not tainted 4.16.0 #1
Call Trace:
 dump_stack+0x1a7/0x27d
 should_fail+0x914/0xae0
 should_failslab+0xec/0x120
 kmem_cache_alloc+0x47/0x760
 lab_create+0x1b/0xc0`),
  );
  assert.match(report.explanation, /\(failslab\) .* in a call by `lab_create` \(task `labd`, PID 12\)/);
});

test("a tracked object is named by the function that its timer calls, and by the function that freed it", () => {
  const report = only(
    timed(`------------[ cut here ]------------
ODEBUG: free active (active state 0) object type: timer_list hint: lab_timeout+0x0/0xa0
WARNING: CPU: 1 PID: 1798 at lib/debugobjects.c:287 debug_print_object+0x16a/0x250
CPU: 1 PID: 1798 Comm: labd Not tainted 4.14.90 #1
RIP: 0010:debug_print_object+0x16a/0x250
Call Trace:
 lab_release+0x20/0x40`),
  );
  assert.match(report.explanation, /\(timer_list of `lab_timeout`\)/);
  assert.match(report.explanation, /freed in a call by `lab_release`/);
});

test("a page that is freed in use names the flags that say so", () => {
  const report = only(
    timed(`BUG: Bad page state in process labd  pfn:7deea
page: refcount:0 mapcount:0 mapping:0000000000000000 index:0x2e pfn:0x7deea
flags: 0xfff0000000400c(referenced|uptodate|private|node=0|zone=1|lastcpupid=0x7ff)
page dumped because: PAGE_FLAGS_CHECK_AT_FREE flag(s) set`),
  );
  assert.match(report.explanation, /was freed with the flag `private` set/);
});

test("a stall tells the CPUs and the time that its headline holds", () => {
  const report = only(
    timed(
      "INFO: rcu_sched detected stalls on CPUs/tasks: { 2} (detected by 0, t=65008 jiffies, g=48068, c=48067, q=9)",
    ),
  );
  assert.match(report.explanation, /waits for: `2`\. The grace period is 65008 jiffies old/);
});

test("a check of NULL by KASAN is recognised where the shadow address is a constant of the instruction", () => {
  const report = only(
    timed(`general protection fault: 0000 [#1] PREEMPT SMP KASAN
CPU: 3 PID: 5855 Comm: bash Not tainted 5.0.0 #1
RIP: 0010:lab_crash+0x5e/0x80
Code: 00 00 00 <a0> 00 00 00 00 00 fc ff df 84 c0
RAX: 0000000000000000 RBX: 0000000000000001 RCX: 0000000000000000
Call Trace:
 lab_call+0x10/0x20`),
  );
  assert.match(report.explanation, /near NULL \(between 0x0 and 7 bytes further\).*the pointer was NULL\.$/);
});

test("a check of lockdep names the operation on the lock", () => {
  const report = only(
    timed(`------------[ cut here ]------------
WARNING: CPU: 0 PID: 12 at kernel/locking/lockdep.c:704 register_lock_class+0xce6/0x2650
CPU: 0 PID: 12 Comm: labd Not tainted 4.19.0 #1
RIP: 0010:register_lock_class+0xce6/0x2650
Call Trace:
 __lock_acquire+0x1bd/0x20
 lock_acquire+0x1e4/0x20
 _raw_spin_lock_bh+0x31/0x40
 lock_sock_nested+0x46/0x50
 lab_setsockopt+0x5ba/0x600`),
  );
  assert.match(report.explanation, /in `lab_setsockopt`, which called `lock_sock_nested`/);
  assert.match(report.explanation, /record of the class of a lock/);
});

test("the slab allocator's part of a KASAN report names the object", () => {
  const report = only(
    timed(`BUG lab_cache (Tainted: G    B          ): kasan: bad access detected
INFO: Slab 0xffffea0002dfad00 objects=20 used=3 fp=0xffff8800b7eb5a90 flags=0x400000000000408
INFO: Object 0xffff8800b7eb5770 @offset=6000 fp=0xdead4ead00000000`),
  );
  assert.match(report.explanation, /lab_cache at 0xffff8800b7eb5770/);
});

test("lockdep's place is where this task takes the lock, not where it took the one that it holds", () => {
  const report = only(
    timed(`======================================================
WARNING: possible circular locking dependency detected
5.5.0 #10 Not tainted
------------------------------------------------------
labd/3699 is trying to acquire lock:
ffff88803d3d5d28 ((wq_completion)lab){+.+.}, at: flush_workqueue+0xe6/0x1520

but task is already holding lock:
ffff88805ffdce80 (&lab->lock){++++}, at: lab_set+0xfb7/0x1490

stack backtrace:
CPU: 0 PID: 3699 Comm: labd Not tainted 5.5.0 #10
Call Trace:
 dump_stack+0x199/0x216
 lock_acquire+0x194/0x410
 flush_workqueue+0x115/0x1520
 lab_remove+0x16a/0x230
 lab_set+0x10a4/0x1490`),
  );
  assert.equal(row(report, "Where"), "lab_remove+0x16a");
});

test("an address near NULL can come from an error pointer that a register holds", () => {
  const report = only(
    timed(`8<--- cut here ---
Unable to handle kernel NULL pointer dereference at virtual address 00000004
Internal error: Oops: 5 [#1] PREEMPT SMP ARM
CPU: 0 PID: 12 Comm: labd Not tainted 5.10.0 #20
PC is at lab_stop+0x60/0x524
pc : [<80165504>]    lr : [<825e31d8>]    psr: 60010013
r7 : 83675be0  r6 : 8344ec98  r5 : 00000004  r4 : fffffffc`),
  );
  assert.match(report.explanation, /a NULL pointer, or an error pointer, such as that in r4 \(`ERR_PTR\(-EINTR\)`\)/);
});

test("a BUG does not say that only its task ended", () => {
  const [bug] = timed(`------------[ cut here ]------------
kernel BUG at mm/lab.c:12!
CPU: 1 PID: 12 Comm: labd Not tainted 4.19.0 #1
RIP: 0010:lab_free+0x20/0x40
---[ end trace f645f233383c1141 ]---
Kernel panic - not syncing: Fatal exception`);
  assert.doesNotMatch(bug!.explanation, /killed/);
});

test("an address between user space and the kernel is not called one of user space", () => {
  const report = only(
    timed(`Unable to handle kernel paging request at virtual address 00616161616161a1
Mem abort info:
  ESR = 0x0000000096000004
CPU: 0 PID: 3083 Comm: labd Not tainted 6.1.0 #1
pc : lab_alloc+0x50/0x90
x29: ffff80000fee3a10 x28: 6161616161616161 x27: 0000000000000000`),
  );
  assert.doesNotMatch(report.explanation, /user space/);
});

test("a copy outside of a whitelist is only warned of", () => {
  const report = only(
    timed(`------------[ cut here ]------------
Bad or missing usercopy whitelist? Kernel memory exposure attempt detected from SLAB object 'lab' (offset 64, size 16)!
WARNING: CPU: 1 PID: 12 at mm/usercopy.c:81 usercopy_warn+0xdb/0x100
CPU: 1 PID: 12 Comm: labd Not tainted 4.15.0 #1`),
  );
  assert.doesNotMatch(report.explanation, /refused/);
});

test("a string without an end is told apart from a length that is too large", () => {
  const report = only(
    timed(`detected buffer overflow in strlen
------------[ cut here ]------------
kernel BUG at lib/string.c:1052!
CPU: 1 PID: 12 Comm: labd Not tainted 4.17.0 #1
RIP: 0010:fortify_panic+0x13/0x20
Call Trace:
 lab_control+0x31c/0x1d00`),
  );
  assert.match(report.explanation, /^The string that `strlen` was to measure in a call by `lab_control` does not end/);
});
