/** What a log proves is told, and nothing beyond: each by a small log of its own. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Summary } from "../../src/log/summary.ts";
import { only, row, timed } from "../builders/logReports.ts";

test("the exit code of init is described in words", () => {
  const panic = (code: string): string =>
    only(timed(`Kernel panic - not syncing: Attempted to kill init! exitcode=0x${code}`)).explanation;
  assert.match(panic("0000000b"), /Its exit code stands for signal 11 \(SIGSEGV\)/);
  assert.match(panic("00007f00"), /It exited with status 127\.$/);
});

test("an idle CPU is not the cause of a stall in which all CPUs passed a quiescent state", () => {
  const report = only(
    timed(`INFO: rcu_sched detected stalls on CPUs/tasks:
All QSes seen, last rcu_sched kthread activity 10002 (4294947638-4294937636), jiffies_till_next_fqs=3, root ->qsmask 0x0
swapper/0       R  running task    13504     0      0 0x00080000
Call Trace:
 <IRQ>  [<ffffffffbb0be4e5>] sched_show_task+0xfa/0x107
 [<ffffffffbb0f4419>] print_other_cpu_stall+0x369/0x3de
 [<ffffffffbb0f9678>] apic_timer_interrupt+0x84/0x90
 <EOI>  [<ffffffffbb0f9679>] default_idle+0xe/0x10
 [<ffffffffbb0f9751>] cpu_startup_entry+0x56/0x7a`),
  );
  assert.equal(row(report, "Where"), undefined);
  assert.match(report.explanation, /^All CPUs passed.*last active 10002 jiffies before/);
});

const protection = (headline: string, code: string, registers: string): string =>
  only(
    timed(`${headline}
CPU: 1 PID: 7 Comm: labd Not tainted 4.8.0 #1
RIP: 0010:[<ffffffff810b0000>]  [<ffffffff810b0000>] lab_find+0xc6/0x600
${registers}
Code: ${code}`),
  ).explanation;

test("the address of a general protection fault is computed from the instruction and its registers", () => {
  const fault = "general protection fault: 0000 [#1] SMP";
  assert.match(
    protection(fault, "90 90 <8b> 48 04 90", "RAX: 6b6b6b6b6b6b6b6b RBX: 0000000000000000 RCX: 0000000000000005"),
    /^The kernel used 0x6b6b6b6b6b6b6b6f: that is POISON_FREE/,
  );
  assert.match(
    protection(fault, "90 90 <48> 8b 40 18 90", "RAX: 6d6d75642d676572 RBX: 0000000000000000 RCX: 0000000000000005"),
    /^The kernel used 0x6d6d75642d67658a: the bytes of the pointer are the text “reg-dum”/,
  );
});

test("an inline KASAN check of a member at NULL is explained with the offset of the member", () => {
  assert.match(
    protection(
      "general protection fault: 0000 [#1] SMP KASAN",
      "90 90 <0f> b6 04 01 90",
      "RAX: dffffc0000000000 RBX: 0000000000000000 RCX: 0000000000000085",
    ),
    /^KASAN's check of an address near NULL \(between 0x428 and 7 bytes further\)/,
  );
});

test("the CPU of the watchdog task is not reported as the CPU of the hung task", () => {
  const report = only(
    timed(`INFO: task labd:77 blocked for more than 120 seconds.
Call Trace:
 schedule+0x1e/0x31
 lab_wait+0x44/0x95
Kernel panic - not syncing: hung_task: blocked tasks
CPU: 2 PID: 16 Comm: khungtaskd Not tainted 4.8.0 #3`),
  );
  assert.equal(row(report, "Task"), "labd, PID 77");
});

test("a fault after a panic is not a fact of the panic", () => {
  const [panic] = timed(`Kernel panic - not syncing: Fatal exception
BUG: unable to handle page fault for address: ffffffff83d789c6
#PF: supervisor write access in kernel mode`);
  assert.equal(panic && row(panic, "Address"), undefined);
  assert.equal(panic && row(panic, "Access"), undefined);
});

test("a panic names the previous report as its cause only if its text says so", () => {
  const causeAfter = (panic: string): string | undefined => {
    const all = timed(`WARNING: CPU: 1 PID: 7 at lab/core.c:12 lab_check+0x1/0x2
---[ end trace 0000000000000000 ]---
lab: a line of its own
Kernel panic - not syncing: ${panic}`);
    return row(all.at(-1)!, "Cause");
  };
  assert.equal(causeAfter("stack-protector: Kernel stack is corrupted in: lab_init"), undefined);
  assert.equal(causeAfter("VFS: Unable to mount root fs on unknown-block(1,0)"), undefined);
  assert.equal(causeAfter("Fatal exception"), undefined);
});

test("an old free that KASAN shows for memory in use is not attributed to the object", () => {
  const report = (kind: string): string =>
    only(
      timed(`==================================================================
BUG: KASAN: ${kind} in lab_read+0x271/0x350 at addr ffff88000b67a3ec
Read of size 5 by task labd/1
Allocated:
PID = 1
 [<ffffffff8103a84a>] save_stack_trace+0x2a/0x50
 [<ffffffff8117a275>] kasan_kmalloc+0x85/0xb0
 [<ffffffff8117a276>] lab_open+0x85/0xb0
Freed:
PID = 1
 [<ffffffff8103a84a>] save_stack_trace+0x2a/0x50
 [<ffffffff8117a277>] kfree+0x85/0xb0
 [<ffffffff8117a278>] lab_other+0x85/0xb0
Memory state around the buggy address:`),
    ).explanation;
  assert.match(report("slab-out-of-bounds"), /It was allocated in a call by `lab_open`\. Usual causes: [^.]*\.$/);
  assert.match(report("use-after-free"), /It was freed in a call by `lab_other`\.$/);
});

test("a small number as a pointer is called near NULL, not user memory", () => {
  const report = only(
    timed(`BUG: unable to handle page fault for address: 0000000000002658
#PF: supervisor read access in kernel mode
RIP: 0010:lab_map+0x54/0xc4 [lab]`),
  );
  assert.match(report.explanation, /^The kernel read from 0x2658, near NULL/);
});

test("the caller of an invalid jump comes from the link register, not from the stack", () => {
  const report = only(
    timed(`CPU 0 Unable to handle kernel paging request at virtual address 00000000, epc == 00000000, ra == 805469a0
Oops[#1]:
CPU: 0 PID: 11 Comm: kworker/u8:0 Not tainted 6.12.33 #0
$ 0   : 00000000 00000001 00000000 80b6cc44
epc   : 00000000 0x0
ra    : 805469a0 lab_port_add+0x7c/0x204
Status: 11000403 KERNEL EXL IE
Cause : 50800008
BadVA : 00000000
Call Trace:
[<80170b04>] load_balance+0x494/0x708
[<807bb368>] lab_do_add+0x24c/0x340`),
  );
  assert.equal(row(report, "Where"), "lab_port_add+0x7c");
  assert.match(
    report.explanation,
    /a NULL pointer\. Most likely `lab_port_add\+0x7c` made the call \(the return address is in the link register\)\.$/,
  );
});

test("the explanation of a stack overflow without a trace does not refer to a trace", () => {
  const report = only(
    timed(`Insufficient stack space to handle exception!
ESR: 0x0000000096000047 -- DABT (current EL)
FAR: 0xffffffc008c47fe0
Kernel panic - not syncing: kernel stack overflow`),
  );
  assert.doesNotMatch(report.explanation, /trace/);
});

test("an interrupted frame of exception entry is not the origin of a hardware error", () => {
  const report = only(
    timed(`SError Interrupt on CPU7, code 0xbe000011 -- SError
CPU: 7 PID: 11 Comm: labd Not tainted 5.4.112 #30
pc : el1_irq+0x78/0x180
lr : lab_rmw+0x30/0x5c [lab]
Kernel panic - not syncing: Asynchronous SError Interrupt
Call trace:
 dump_backtrace+0x0/0x14c
 panic+0x150/0x36c
 do_serror+0x84/0x140
 el1_error+0x84/0xf8
 el1_irq+0x78/0x180
 lab_rmw+0x30/0x5c [lab]`),
  );
  assert.equal(row(report, "Where"), "lab_rmw+0x30 of module lab");
  assert.match(report.explanation, /^The hardware reported an error asynchronously \(SError, code 0xbe000011\)/);
  assert.equal(report.explanation.split("need not be").length, 2, "said once");
});

test("if nothing disabled preemption, no function is named for it", () => {
  const report = only(
    timed(`BUG: scheduling while atomic: labd/2161/0x00000202
Preemption disabled at:
[<0000000000000000>] 0x0
CPU: 0 PID: 2161 Comm: labd Not tainted 5.4.0 #1`),
  );
  assert.doesNotMatch(report.explanation, /last disabled/);
});

test("the stack of a task that waits for a grace period does not name the cause of the stall", () => {
  const report = only(
    timed(`rcu: INFO: rcu_preempt detected expedited stalls on CPUs/tasks: { 2-... } 10886 jiffies s: 2181 root: 0x4/.
rcu: blocking rcu_node structures (internal RCU debug):
Task dump for CPU 2:
task:swapper/0       state:R  running task    28272     1      0 0x00004000
Call Trace:
 sched_show_task.cold+0x2da/0x33e
 rcu_exp_wait_wake.cold+0x4a0/0x7ef
 synchronize_rcu_expedited+0x502/0x5f0
 do_one_initcall+0x10a/0x7b0
 kernel_init+0xd/0x1c0`),
  );
  assert.equal(row(report, "Where"), undefined);
  assert.equal(report.title, "INFO: rcu detected stall");
});

test("if RCU waits for several tasks, the stack of one CPU does not select one of them", () => {
  const stall = (tasks: string): Summary =>
    only(
      timed(`rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:
rcu: 	Tasks blocked on level-0 rcu_node (CPUs 0-1): ${tasks}
rcu: 	(detected by 0, t=10002 jiffies, g=56441, q=553 ncpus=2)
task:labd            state:R  running task     stack:21064 pid:77 ppid:22
Call Trace:
 <TASK>
 __schedule+0x1335/0x44b0
 preempt_schedule+0xe2/0xf0
 lab_loop+0x4e5/0x1650
 __x64_sys_ioctl+0x14e5/0x1650`),
    );
  assert.equal(row(stall("P77/1:b..l P22934/1:b..l"), "Where"), undefined);
  assert.equal(row(stall("P77"), "Where"), "lab_loop+0x4e5");
});

test("a held lock is not named as the lock that is released too often", () => {
  const report = only(
    timed(`====================================
[ BUG: bad unlock balance detected! ]
3.4.0 #288 Not tainted
------------------------------------
labd/17706 is trying to release lock (&(&q->lock)->rlock) at:
1 lock held by labd/17706:
 #0:  (&(&b->lock)->rlock){......}, at: [<ffffffff81327f1a>] lab_wait_request+0x19a/0x250
stack backtrace:
Call Trace:
 [<ffffffff81e74553>] print_unlock_inbalance_bug+0xf9/0x100
 [<ffffffff81a74553>] _raw_spin_unlock_irq+0x23/0x40
 [<ffffffff81329372>] lab_queue+0x2a2/0x380`),
  );
  assert.equal(row(report, "Where"), "lab_queue+0x2a2");
});

test("the slab allocator is not named as the caller of a failed allocation", () => {
  const report = only(
    timed(`labd: page allocation failure: order:0, mode:0x484020(GFP_ATOMIC|__GFP_COMP), nodemask=(null)
Call Trace:
 warn_alloc.cold+0x7b/0x173
 cache_grow_begin+0x9c/0x8b0
 fallback_alloc+0x1fd/0x2d0
 kmem_cache_alloc_node+0xe3/0x710
 lab_new+0x28/0x1d0`),
  );
  assert.equal(row(report, "Where"), "lab_new+0x28");
});

test("a warning and a BUG() name the function of the check, a panic the report that caused it", () => {
  assert.match(
    only(timed("WARNING: CPU: 0 PID: 9 at lab/core.c:769 lab_check.isra.0+0xb8/0x130")).explanation,
    /^The kernel reported a warning at lab\/core\.c:769 \(`lab_check`\)/,
  );
  const all = timed(`BUG: kernel NULL pointer dereference, address: 0000000000000000
RIP: 0010:lab_open+0x1/0x20
---[ end trace 0000000000000000 ]---
lab: a line of its own
Kernel panic - not syncing: Fatal exception`);
  assert.match(
    all.at(-1)!.explanation,
    /: BUG: kernel NULL pointer dereference, address: 0000000000000000 in lab_open\+0x1\.$/,
  );
});

test("for a call through a retpoline the explanation has the pointer in its register", () => {
  const report = only(
    timed(`general protection fault: 0000 [#1] SMP PTI
RIP: 0010:__x86_indirect_thunk_rax+0x10/0x20
RAX: dead000000000200 RBX: 0000000000000000 RCX: 0000000000000000`),
  );
  assert.match(report.explanation, /^The kernel used 0xdead000000000200: that is LIST_POISON2/);
});

test("the explanation says if a task waits for its own spinlock", () => {
  const report = only(
    timed(`BUG: spinlock lockup suspected on CPU#0, labd/73
 lock: 0xc3358724, .magic: dead4ead, .owner: labd/73, .owner_cpu: 0`),
  );
  assert.match(report.explanation, /its owner is this task itself, labd\/73\.$/);
});

test("the allocation of a leaked object or a bad page is not called the place of the fault", () => {
  const report = only(
    timed(`BUG: memory leak
unreferenced object 0xffff8882d78c9ea0 (size 96):
  comm "labd", pid 5988, jiffies 4294941388
  backtrace (crc c9a1c131):
    __kmalloc_cache_noprof+0x42f/0x5e0
    lab_create+0x57/0x110`),
  );
  assert.equal(row(report, "Where"), undefined);
  assert.equal(row(report, "Allocated for"), "lab_create+0x57");
});
