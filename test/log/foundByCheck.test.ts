/** Explanations say what the check of the kernel found, for each form of its message, and no more. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { only, timed } from "../builders/logReports.ts";

const explained = (text: string): string => only(timed(text)).explanation;

/** Explains a report of spinlock debugging (spin_dump()) about task labd [73] on CPU 1. */
const spinlock = (what: string, owner: string, caller: string): string =>
  explained(`BUG: spinlock ${what} on CPU#1, labd/73
 lock: lab_lock+0x0/0x40, .magic: dead4ead, ${owner}
CPU: 1 PID: 73 Comm: labd Not tainted 6.1.0 #1
Call Trace:
 ${caller}+0x20/0x40`);

test("a spinlock whose owner's CPU is the same is not said to be held by the task that requests it", () => {
  const text = spinlock("cpu recursion", ".owner: other/12, .owner_cpu: 1", "lab_take");
  assert.match(text, /`labd` on CPU 1 requested a spinlock.* last taken on this CPU by another task/);
  assert.match(text, /its owner is other\/12/);
  assert.doesNotMatch(text, /already holds|waits for itself/);
});

test("a spinlock that its own task releases on another CPU is not waited for", () => {
  const text = spinlock("wrong CPU", ".owner: labd/73, .owner_cpu: 0", "lab_release");
  assert.match(text, /`labd` on CPU 1 released a spinlock.* taken on another CPU/);
  assert.match(text, /its owner is this task itself, labd\/73/);
  assert.doesNotMatch(text, /waiting/);
});

test("a spinlock that another task releases is told by its owner", () => {
  const text = spinlock("wrong owner", ".owner: other/12, .owner_cpu: 1", "lab_release");
  assert.match(text, /`labd` on CPU 1 released a spinlock.* taken by another task/);
  assert.match(text, /its owner is other\/12/);
});

test("a lockup of a read/write lock in the words of older kernels is not one of a spinlock", () => {
  const text = explained(`BUG: write-lock lockup on CPU#1, labd/73, ffff88001c2a4630
Pid: 73, comm: labd Not tainted 3.2.0 #1
Call Trace:
 [<ffffffff81234560>] lab_take+0x20/0x40`);
  assert.match(text, /could not take a read\/write spinlock/);
});

test("a preempt count without a preemption depth does not contain the scheduler's own", () => {
  const text = explained(`BUG: scheduling while atomic: labd/73/0x00000100
CPU: 1 PID: 73 Comm: labd Not tainted 3.10.0 #1
Call Trace:
 [<ffffffff81234560>] lab_wait+0x20/0x40`);
  assert.match(text, /it is a softirq \(preempt_count 0x00000100\)/);
  assert.doesNotMatch(text, /scheduler's own/);
  assert.match(
    explained(`BUG: scheduling while atomic: labd/73/0x00000102
CPU: 1 PID: 73 Comm: labd Not tainted 6.1.0 #1
Call Trace:
 lab_wait+0x20/0x40`),
    /in which 1 is the scheduler's own/,
  );
});

const sleeping = (lines: string): string =>
  explained(`BUG: sleeping function called from invalid context at lib/lab.c:12
${lines}
CPU: 0 PID: 73 Comm: labd Not tainted 6.1.0 #1
Call Trace:
 <TASK>
 lab_sleep+0x20/0x40`);

test("an RCU nesting depth that the check expects is no reason not to sleep", () => {
  const text = sleeping(`in_atomic(): 0, irqs_disabled(): 1, non_block: 0, pid: 73, name: labd
preempt_count: 0, expected: 0
RCU nest depth: 1, expected: 1`);
  assert.match(text, /interrupts are disabled/);
  assert.doesNotMatch(text, /RCU/);
});

test("a preempt count that the check expects is no reason not to sleep", () => {
  const text = sleeping(`in_atomic(): 1, irqs_disabled(): 0, non_block: 0, pid: 73, name: labd
preempt_count: 1, expected: 1
RCU nest depth: 1, expected: 0`);
  assert.match(text, /At this call it is within a read-side critical section of RCU \(depth 1\)/);
});

test("a section that must not block is a reason not to sleep", () => {
  const text = sleeping(`in_atomic(): 0, irqs_disabled(): 0, non_block: 1, pid: 73, name: labd
preempt_count: 0, expected: 0`);
  assert.match(text, /At this call it is in a section that must not block \(non_block 1\)/);
});

test("a work item that left a read-side critical section of RCU open is told by the line below its headline", () => {
  const text = explained(`BUG: workqueue leaked atomic, lock or RCU: kworker/0:1[12]
     preempt=0x00000000 lock=0->0 RCU=0->1 workfn=lab_work
CPU: 0 PID: 12 Comm: kworker/0:1 Not tainted 6.9.0 #1
Call Trace:
 <TASK>
 process_one_work+0x20/0x40`);
  assert.match(text, /its function `lab_work`/);
  assert.match(text, /in an RCU read-side critical section \(its depth rose from 0 to 1\)/);
  assert.doesNotMatch(text, /preemption disabled|lock held/);
});

test("a lock that a task waits for without having announced it is not said to be released", () => {
  const report = only(
    timed(`=====================================
WARNING: bad contention detected!
-------------------------------------
labd/73 is trying to contend lock (lab_lock) at:
[<ffffffff81234560>] lab_take+0x20/0x40
but there are no locks held!`),
  );
  assert.match(report.explanation, /`lab_lock`.* waited for/);
  assert.doesNotMatch(report.explanation, /released/);
  assert.match(report.title, /bad contention in lab_take/);
});

test("a full list of held locks is not said to be a limit of lockdep alone", () => {
  const text = explained(`BUG: MAX_LOCK_DEPTH too low!
turning off the locking correctness validator.
depth: 48  max: 48!
CPU: 0 PID: 73 Comm: labd Not tainted 6.1.0 #1`);
  assert.match(text, /holds more locks/);
  assert.doesNotMatch(text, /not a fault of the locks/);
});

test("an access outside of an array that alloca() made is one on the stack", () => {
  const text = explained(`==================================================================
BUG: KASAN: alloca-out-of-bounds in lab_read+0x20/0x40
Read of size 1 at addr ffff88801ceb7c5b by task labd/73

CPU: 0 PID: 73 Comm: labd Not tainted 6.1.0 #1
Call Trace:
 lab_read+0x20/0x40`);
  assert.match(text, /outside of the variables on a kernel stack/);
});

const race = (access: string): string =>
  explained(`==================================================================
BUG: KCSAN: data-race in lab_count

race at unknown origin, with ${access} to 0xffff88801ceb7c58 of 8 bytes by task 73 on cpu 1:
 lab_count+0x20/0x40

value changed: 0x0000000000000001 -> 0x0000000000000002

Reported by Kernel Concurrency Sanitizer on:
CPU: 1 PID: 73 Comm: labd Not tainted 6.1.0 #1
==================================================================`);

test("KCSAN's unknown origin is one access, whatever the other one is", () => {
  for (const access of ["read-write", "read (marked)", "write (marked, reordered)", "read-write (marked)"])
    assert.match(race(access), new RegExp(`was about to ${access.split(" ")[0]} them. KCSAN did not see`), access);
  assert.match(race("assert no writes (reordered)"), /asserted that no other code writes them/);
});

test("both sides of a race are named when KCSAN reordered a marked access", () => {
  const text = explained(`==================================================================
BUG: KCSAN: data-race in lab_a / lab_b

write (marked, reordered) to 0xffff88801ceb7c58 of 8 bytes by task 73 on cpu 1:
 lab_a+0x20/0x40

read to 0xffff88801ceb7c58 of 8 bytes by task 74 on cpu 0:
 lab_b+0x20/0x40
==================================================================`);
  assert.match(text, /One: write \(marked, reordered\) to .* The other: read to /);
});

test("an allocation that stalls has not failed yet", () => {
  const text =
    explained(`labd: page allocation stalls for 10010ms, order:0, mode:0x14200ca(GFP_HIGHUSER_MOVABLE), nodemask=(null)
CPU: 0 PID: 73 Comm: labd Not tainted 4.12.0 #1
Call Trace:
 lab_fault+0x20/0x40`);
  assert.match(text, /An allocation had waited for 10010 ms .*order:0/);
  assert.doesNotMatch(text, /failed/);
});

test("a failed allocation of a slab names the cache's new slab, not a block of an order that is not shown", () => {
  const text = explained(`SLUB: Unable to allocate memory on node -1, gfp=0xa20(GFP_ATOMIC)
  cache: lab, object size: 64, buffer size: 64, default order: 0, min order: 0`);
  assert.doesNotMatch(text, /that order/);
  assert.match(text, /no pages for a new slab, and the request may not wait \(GFP_ATOMIC\)/);
});

test("a page that leaves the page cache while it is mapped is not said to be allocated or freed", () => {
  const text = explained(`BUG: Bad page cache in process labd  pfn:7deea
page:ffffea0001f7ba80 refcount:2 mapcount:1 mapping:ffff888001 index:0x2e pfn:0x7deea
page dumped because: still mapped when deleted
CPU: 0 PID: 73 Comm: labd Not tainted 6.1.0 #1`);
  assert.match(text, /page frame 0x7deea\) was taken out of the page cache while a program still maps it/);
});

test("SLAB's words for two causes are given as two causes", () => {
  const text =
    explained(`slab error in cache_alloc_debugcheck_after(): cache \`lab': double free, or memory outside object was overwritten
CPU: 0 PID: 73 Comm: labd Not tainted 5.4.0 #1
Call Trace:
 lab_alloc+0x20/0x40`);
  assert.match(text, /freed twice, or .* past its end or before its start/);
  assert.doesNotMatch(text, /received a request to free/);
});

const broken = (line: string): string =>
  explained(`${line}
------------[ cut here ]------------
kernel BUG at lib/list_debug.c:29!
invalid opcode: 0000 [#1]
CPU: 0 PID: 73 Comm: labd Not tainted 6.1.0 #1
RIP: 0010:__list_add_valid+0x20/0x40`);

test("a small number in a list is its value unless the other pointers of the line are hashes", () => {
  assert.match(
    broken(
      "list_add corruption. prev->next should be next (ffffffff82a01230), but was 0000000000000022. (prev=ffff88801ceb7c58).",
    ),
    /`prev->next` was 0x22, not the address/,
  );
  assert.match(
    broken(
      "list_add corruption. prev->next should be next (000000004cd06dc6), but was 00000000213ac47b. (prev=0000000051a3e9ff).",
    ),
    /printed as the hash 00000000213ac47b/,
  );
});

test("a NULL pointer that an addition meets is of the list, which may never have been initialised", () => {
  const text = broken("list_add corruption. next is NULL.");
  assert.match(text, /The next pointer .* where an entry was to be added is NULL/);
  assert.match(text, /never initialised/);
});
