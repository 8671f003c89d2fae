import assert from "node:assert/strict";
import { test } from "node:test";
import { KernelLog } from "../../src/log/kernelLog.ts";
import { type Summary, summaryOf } from "../../src/log/summary.ts";

/** The reports of a log, summed up. */
function summaries(text: string): Summary[] {
  const log = KernelLog.of(text.split("\n").map((line, i) => `[    7.${String(100000 + i)}] ${line}`));
  return log.reports.map((report) => summaryOf(log, report));
}

const explained = (text: string): string => summaries(text)[0]?.explanation ?? "";

const rows = (text: string): Record<string, string> =>
  Object.fromEntries((summaries(text)[0]?.rows ?? []).map(({ label, text: value }) => [label, value]));

test("an object that the slab allocator prints for KASAN is not called broken by the allocator", () => {
  const text = explained("BUG lab_cache (Tainted: G    B          ): kasan: bad access detected");
  assert.match(text, /^KASAN found an invalid access to an object of cache lab_cache/);
});

const LOCKUP = `watchdog: BUG: soft lockup - CPU#3 stuck for 26s! [lab:77]
CPU: 3 PID: 77 Comm: lab Not tainted 6.1.0 #1
Hardware name: Lab (DT)
pstate: 10000005 (nzcV daif -PAN -UAO -TCO BTYPE=--)
pc : _raw_spin_unlock_irqrestore+0x74/0x110
lr : _raw_spin_unlock_irqrestore+0xd8/0x110
sp : ffff00006a238e50
Call trace:
 _raw_spin_unlock_irqrestore+0x74/0x110
 debug_check_no_obj_freed+0x234/0x438
 kmem_cache_free+0xac/0x4f8
 lab_drain+0x3c/0x680
 lab_work+0x10/0x20
 __arm64_sys_ioctl+0x10/0x20
Kernel panic - not syncing: softlockup: hung tasks`;

test("the explanation of a soft lockup gives the place of the CPU, and its caller separately", () => {
  assert.match(
    explained(LOCKUP),
    /was running there \(`_raw_spin_unlock_irqrestore\+0x74`, in a call by `lab_drain\+0x3c`\)/,
  );
});

test("a report that ends in a panic does not refer to a previous report", () => {
  assert.match(explained(LOCKUP), /`kernel\.softlockup_panic`\)\.$/);
});

test("a panic refers to a previous report only if there is one", () => {
  const panic = "Kernel panic - not syncing: Fatal exception in interrupt";
  assert.equal(
    explained(panic),
    "A fault happened in a context that counts as an interrupt (an interrupt, a softirq, disabled softirqs, or the handler of some exceptions), where the kernel cannot kill a task instead.",
  );
});

test("a KASAN line about a task that freed nothing is not a fact", () => {
  const report = (tail: string): string => `==================================================================
BUG: KASAN: slab-out-of-bounds in lab_read+0x1f/0x40
Read of size 1 at addr ffff888011aa0a40 by task lab/12
Freed by task 0:
${tail}
The buggy address belongs to the object at ffff888011aa0a00`;
  assert.equal(rows(report("(stack is not available)"))["Freed by"], undefined);
  assert.equal(rows(report(" kfree+0x10/0x20"))["Freed by"], "task 0");
});

const recursion = (first: string, second: string): string => `============================================
WARNING: possible recursive locking detected
6.1.0 #1 Not tainted
--------------------------------------------
lab/12 is trying to acquire lock:
${first} (lab_mutex){+.+.}-{3:3}, at: lab_ioctl+0x17/0x20

but task is already holding lock:
${second} (lab_mutex){+.+.}-{3:3}, at: lab_open+0x17/0x20`;

test("one lock that is taken twice is distinguished from two locks of a class", () => {
  assert.match(
    explained(recursion("ffff888011aa0a40", "ffff888011aa0a40")),
    /It is one lock, because .* the task would wait for itself, unless both only read\.$/,
  );
  assert.match(explained(recursion("ffff888011aa0a40", "ffff888011aa0b40")), /if they are two.*may not have happened/);
});

test("the explanation of a lock order names the locks of both sides, even if the safe lock is not held directly", () => {
  const text = `=====================================================
WARNING: SOFTIRQ-safe -> SOFTIRQ-unsafe lock order detected
6.1.0 #1 Not tainted
-----------------------------------------------------
lab/12 [HC0[0]:SC0[2]:HE1:SE0] is trying to acquire:
ffff888011aa0a40 (&lab->late){+.+.}-{2:2}, at: lab_one+0x17/0x20

and this task is already holding:
ffff888011aa0b40 (&lab->middle){....}-{2:2}, at: lab_two+0x17/0x20
which would create a new lock dependency:
 (&lab->middle){....}-{2:2} -> (&lab->late){+.+.}-{2:2}

but this new dependency connects a SOFTIRQ-irq-safe lock:
 (&lab->early){..-.}-{2:2}

... which became SOFTIRQ-irq-safe at:
  lock_acquire+0x29d/0x740

to a SOFTIRQ-irq-unsafe lock:
 (&lab->late){+.+.}-{2:2}`;
  assert.match(explained(text), /^`lab` requests `&lab->late` while it holds `&lab->middle`\./);
  assert.match(explained(text), /SOFTIRQ-safe: `&lab->early`.*through further locks.*SOFTIRQ-unsafe: `&lab->late`/);
});

const usage = (rule: string): string => `================================
WARNING: inconsistent lock state
6.1.0 #1 Not tainted
--------------------------------
inconsistent ${rule} usage.
lab/12 [HC0[0]:SC0[0]:HE1:SE1] takes:
ffff888011aa0a40 (&lab->lock){+.+.}-{2:2}, at: lab_one+0x17/0x20`;

test("the explanation of an inconsistent lock state names the interrupt, or memory reclaim", () => {
  assert.match(explained(usage("{IN-HARDIRQ-W} -> {HARDIRQ-ON-W}")), /is taken in a hardware interrupt/);
  assert.match(explained(usage("{SOFTIRQ-ON-W} -> {IN-SOFTIRQ-W}")), /is taken in a softirq/);
  assert.match(explained(usage("{INITIAL USE} -> {IN-NMI}")), /non-maskable.*cannot be disabled/);
  assert.doesNotMatch(explained(usage("{RECLAIM_FS-ON-W} -> {IN-RECLAIM_FS-W}")), /interrupt/);
  assert.equal(rows(usage("{IN-HARDIRQ-W} -> {HARDIRQ-ON-W}")).Lock, "&lab->lock at lab_one+0x17/0x20");
});

test("a task that still has locks held exits or may be frozen, and its lock is named", () => {
  const text = explained(`=====================================
WARNING: lab/12 still has locks held!
6.1.0 #1 Not tainted
-------------------------------------
1 lock held by lab/12:
 #0:  (&lab->mutex/1){+.+.+.}, at: [<ffffffff81844c6b>] lab_lock+0x5b/0x70`);
  assert.match(text, /^`lab` exits, or reached a place where it may be frozen, while it still holds `&lab->mutex\/1`/);
  assert.doesNotMatch(text, /user space/);
});

test("freed memory with a held lock is named with the lock", () => {
  const text = explained(`=========================
WARNING: held lock freed!
6.1.0 #1 Not tainted
-------------------------
lab/12 is freeing memory ffff888011aa0a40-ffff888011aa0aff, with a lock still held there!
ffff888011aa0a48 (&lab->lock){+.+.}-{2:2}, at: lab_one+0x17/0x20`);
  assert.match(text, /\(ffff888011aa0a40-ffff888011aa0aff\).*`&lab->lock`/);
});

test("the explanation of scheduling while atomic says where preemption was disabled, and names no lock if none is held", () => {
  const text = explained(`BUG: scheduling while atomic: lab/12/0x00000002
no locks held by lab/12.
Modules linked in:
Preemption disabled at:
[<ffffffff812aa3e4>] lab_begin+0x64/0x260
CPU: 1 PID: 12 Comm: lab Not tainted 6.1.0 #1`);
  assert.match(text, /Preemption was last disabled in `lab_begin\+0x64`\.$/);
  assert.doesNotMatch(text, /spinlock/);
});

test("the allocating function of a leak is named as the kernel names it", () => {
  const text = `BUG: memory leak
unreferenced object 0xc625e000 (size 64):
  comm "lab", pid 12, jiffies 4294937521
  backtrace:
    [<c0198b48>] lab_fill+0xd8/0x3fc`;
  assert.equal(rows(text)["Allocated by"], '"lab", pid 12');
});

test("counts and values of a headline are in its explanation", () => {
  assert.match(
    explained("unregister_netdevice: waiting for lab0 to become free. Usage count = 4"),
    /`lab0`.*usage count is 4/,
  );
  assert.match(
    explained("WARNING: kernel stack frame pointer at ffff88003e1f7f40 in lab/1:14 has bad value ffff000000000007"),
    /stack of `lab\/1`.*\(0xffff000000000007\)/,
  );
});

const division = (code: string): string => `divide error: 0000 [#1] SMP
CPU: 1 PID: 12 Comm: lab Not tainted 6.1.0 #1
RIP: 0010:lab_rate+0x2a/0xa0
Code: 4c 01 f0 31 d2 ${code} 49 29
RSP: 0018:ffffc90000da86d8 EFLAGS: 00010246
RAX: 00000000f1328ef9 RBX: 0000000000000005 RCX: 0000000000000000
RBP: ffffffff80000000 R08: 0000000000000000 R09: 0000000700000000`;

test("the divisor register distinguishes a division by zero from a quotient that does not fit", () => {
  assert.match(explained(division("<f7> f1")), /^The kernel divided by zero in `lab_rate`: the divisor is in RCX/);
  assert.match(explained(division("<48> f7 fb")), /^The quotient .* in RBX, is 0x5\.$/);
  assert.match(explained(division("<41> f7 f1")), /^The kernel divided by zero in `lab_rate`: the divisor is in R09/);
  assert.match(explained(division("<49> f7 f1")), /^The quotient .* in R09, is 0x700000000\.$/);
  assert.match(explained(division("<f7> 75 08")), /divided by zero in `lab_rate`, or the quotient did not fit/);
  assert.match(explained(division("<f7> d9")), /divided by zero in `lab_rate`, or the quotient did not fit/);
});

test("a transmit timeout is one report, whether the device is named before or after the warning", () => {
  const cut = "------------[ cut here ]------------";
  const warning = "WARNING: CPU: 0 PID: 0 at net/sched/sch_generic.c:316 dev_watchdog+0x248/0x270";
  const names = "NETDEV WATCHDOG: lab0 (labnet): transmit queue 0 timed out";
  const rest =
    "Modules linked in:\nCPU: 0 PID: 0 Comm: swapper/0 Not tainted 4.4.0 #1\n---[ end trace 0000000000000000 ]---";
  for (const order of [
    [warning, names],
    [names, warning],
  ]) {
    const reports = summaries([cut, ...order, rest].join("\n"));
    assert.equal(reports.length, 1);
    assert.equal(reports[0]?.title, "WARNING in dev_watchdog");
    assert.match(reports[0].explanation, /`lab0` \(driver `labnet`\)/);
  }
});

test("with KASAN a rejected address may be a shadow address of a NULL pointer", () => {
  const fault = (oops: string): string =>
    explained(
      `general protection fault: 0000 [#1] ${oops}\nCPU: 1 PID: 12 Comm: lab Not tainted 4.4.0 #1\nRIP: 0010:lab_get+0x2a/0xa0`,
    );
  assert.match(fault("SMP KASAN"), /a NULL pointer or a pointer to user space causes this fault, too\.$/);
  assert.doesNotMatch(fault("SMP"), /KASAN/);
});

test("a headline without details has no description of the access", () => {
  const fault = rows(`Unable to handle kernel paging request at virtual address ffff800011112222
Mem abort info:
  ESR = 0x0000000096000005
Data abort info:
  ISV = 0, ISS = 0x00000005
Internal error: Oops: 0000000096000005 [#1] SMP
pc : lab_get+0x2a/0xa0`);
  assert.doesNotMatch(fault.Access ?? "", /Data abort info/);
  assert.match(fault.Access ?? "", /^ESR = 0x0000000096000005$/);
});

test("an object that is already active is not called uninitialised", () => {
  const object = (says: string): string =>
    explained(`------------[ cut here ]------------
ODEBUG: ${says} object type: timer_list hint: lab_timer+0x0/0x10
WARNING: CPU: 1 PID: 12 at lib/debugobjects.c:287 debug_print_object+0x160/0x240
Modules linked in:`);
  assert.match(
    object("init active (active state 0)"),
    /\(timer_list of `lab_timer`\) was initialised again while it was already active/,
  );
  assert.match(object("activate active (active state 1)"), /armed or queued while it was already active/);
  assert.match(object("activate not available (active state 0)"), /never initialised/);
  assert.match(object("activate destroyed (active state 0)"), /used again after it had been destroyed/);
  assert.match(
    object("free active (active state 0)"),
    /^An object \(timer_list of `lab_timer`\) was freed while it was still active/,
  );
});

test("the warning that ends a slab report is not a report of its own", () => {
  const [report, ...more] = summaries(`BUG route (Tainted: G           OE      ): Object already free
-----------------------------------------------------------------------------

Freed in lab_drop+0x14/0x20 [lab] age=0 cpu=0 pid=104
 lab_drop+0x14/0x20 [lab]
Slab 0xfffffb1d800c6740 objects=25 used=11 fp=0xffff89d44319db48 flags=0xfffffc0000200(workingset|node=0|zone=1)
Object 0xffff89d44319db48 @offset=2888 fp=0xffff89d44319d0a8

Object   ffff89d44319db48: 6b 6b 6b 6b 6b 6b 6b 6b 6b 6b 6b 6b 6b 6b 6b 6b  kkkkkkkkkkkkkkkk
------------[ cut here ]------------
WARNING: mm/slub.c:1239 at object_err+0x1f3/0x202, CPU#0: busybox/104
RIP: 0010:object_err+0x1f3/0x202
Call Trace:
 free_to_partial_list.cold+0xd9/0x122
 kmem_cache_free+0x1ec/0x470
 lab_drop+0x14/0x20 [lab]
Kernel panic - not syncing: kernel: panic_on_warn set ...`);
  assert.equal(report?.title, "BUG: Object already free");
  assert.deepEqual(more, []);
});

test("a warning of another function after a slab report is a report of its own", () => {
  const titles = summaries(`BUG route (Tainted: G           OE      ): Object already free
-----------------------------------------------------------------------------
------------[ cut here ]------------
WARNING: mm/slab_common.c:12 at lab_other+0x1f3/0x202, CPU#0: busybox/104
RIP: 0010:lab_other+0x1f3/0x202`).map(({ title }) => title);
  assert.deepEqual(titles, ["BUG: Object already free", "WARNING in lab_other"]);
});

test("the guilty function of an atomic sleep is the caller of the sleeping function", () => {
  const [report] = summaries(`BUG: scheduling while atomic: busybox/86/0x00000002
CPU: 0 PID: 86 Comm: busybox Tainted: G           OE      6.1.0-56-cloud-amd64 #1
Call Trace:
 <TASK>
 dump_stack_lvl+0x44/0x5c
 __schedule_bug.cold+0x3d/0x4e
 __schedule+0x804/0xa00
 schedule+0x5a/0xd0
 schedule_timeout+0x94/0x150
 msleep+0x29/0x40
 lab_drain+0x1d/0x30 [lab]
 vfs_write+0xc7/0x3f0`);
  assert.equal(report?.title, "BUG: scheduling while atomic in lab_drain");
});

test("a bad page names its page frame, and for whom it was allocated", () => {
  const explanation = explained(`BUG: Bad page state in process lab  pfn:7deea
page: refcount:0 mapcount:0 mapping:0000000000000000 index:0x2e pfn:0x7deea
page dumped because: PAGE_FLAGS_CHECK_AT_FREE flag(s) set
page last allocated via order 0, migratetype Unmovable, gfp_mask 0x40c40(GFP_NOFS|__GFP_COMP), pid 5096
 post_alloc_hook+0x1f3/0x230
 get_page_from_freelist+0x2e4c/0x2f10
 lab_metapage+0x2b4/0x300
CPU: 1 PID: 5098 Comm: lab Tainted: G    B 6.10.0 #1
Call Trace:
 bad_page+0x14c/0x170`);
  assert.match(explanation, /page frame 0x7deea/);
  assert.match(explanation, /It was last allocated in a call by `lab_metapage`/);
});

test("a sleep within a read-side section of RCU names the function and the locks", () => {
  const explanation = explained(`WARNING: suspicious RCU usage
4.15.0 #307 Not tainted
-----------------------------
./include/linux/rcupdate.h:302 Illegal context switch in RCU read-side critical section!
1 lock held by lab1/6886:
 #0:  (rcu_read_lock){....}, at: [<00000000d1a2b4e9>] lab_create+0xe46/0x1b50
stack backtrace:
CPU: 1 PID: 6886 Comm: lab1 Not tainted 4.15.0 #307
Call Trace:
 dump_stack+0x194/0x257
 lockdep_rcu_suspicious+0x123/0x170
 ___might_sleep+0x385/0x470
 kmem_cache_alloc_trace+0x299/0x740
 lab_alloc+0xc8/0x3a0`);
  assert.match(explanation, /may sleep or wait in `lab_alloc` or in a call by it within/);
  assert.match(explanation, /Locks held: `rcu_read_lock`/);
});

test("a task with locks that is on its way to user space is not said to exit or to sleep", () => {
  const text = explained(`[    9.000000] =====================================
[    9.000001] WARNING: lab/12 still has locks held!
[    9.000002] 5.2.0 #1 Not tainted
[    9.000003] -------------------------------------
[    9.000004] 1 lock held by lab/12:
[    9.000005]  #0: 00000000d6a5bc1a (rcu_read_lock){....}, at: lab_count+0x0/0x150
[    9.000006] stack backtrace:
[    9.000007] CPU: 1 PID: 12 Comm: lab Not tainted 5.2.0 #1
[    9.000008] Call Trace:
[    9.000009]  dump_stack+0x86/0xca
[    9.000010]  debug_check_no_locks_held+0xb2/0xc0
[    9.000011]  get_signal+0x7a/0x980
[    9.000012]  do_signal+0x30/0x6d0
[    9.000013]  exit_to_usermode_loop+0x60/0x100
[    9.000014]  do_syscall_64+0x18f/0x1b0`);
  assert.match(text, /^`lab` reached a place where it may be frozen, while it still holds `rcu_read_lock`/);
});

test("a page with the flag reserved is special, and not said to be in use", () => {
  const text = explained(`[    9.000000] BUG: Bad page state in process lab  pfn:1b317b
[    9.000001] page:00000000d6a5bc1a refcount:0 mapcount:0 mapping:0000000000000000 index:0x0 pfn:0x1b317b
[    9.000002] flags: 0x17ffe0000002000(reserved|node=0|zone=2)
[    9.000003] page dumped because: PAGE_FLAGS_CHECK_AT_FREE flag(s) set
[    9.000004] CPU: 1 PID: 12 Comm: lab Not tainted 5.2.0 #1
[    9.000005] Call Trace:
[    9.000006]  bad_page+0x60/0x80
[    9.000007]  lab_put+0x1/0x20`);
  assert.match(
    text,
    /^A page \(page frame 0x1b317b\) was freed with the flag `reserved` set, which a page may not have then/,
  );
});

test("a small address beside a stack that is used up may be a consequence of an overflow", () => {
  const text = explained(`[    9.000000] 8<--- cut here ---
[    9.000001] Unable to handle kernel NULL pointer dereference at virtual address 00000ea3
[    9.000002] pgd = 20e4cc4c
[    9.000003] [00000ea3] *pgd=80000080004003, *pmd=00000000
[    9.000004] Internal error: Oops: 206 [#1] PREEMPT SMP ARM
[    9.000005] CPU: 0 PID: 1 Comm: lab Not tainted 5.10.0 #1
[    9.000006] PC is at lab_compare+0x10/0x20
[    9.000007] LR is at lab_other+0x10/0x20
[    9.000008] pc : [<80210958>]    lr : [<802108f4>]    psr: 60000093
[    9.000009] sp : 88e16000  ip : 88e16030  fp : 88e16024
[    9.000010] Process lab (pid: 1, stack limit = 0x5a0f2c6d)
[    9.000011] Stack: (0x88e16000 to 0x88e16000)`);
  assert.match(text, /limits of the stack that cannot be \(0x88e16000 to 0x88e16000\)\. If the stack overflowed/);
});
