/** What a second reader of reports found to be more than their logs prove: each by a small log of its own. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { only, timed } from "../builders/logReports.ts";

const explanation = (text: string): string => only(timed(text)).explanation;

const userfault = (flags: string, release: string): string =>
  explanation(`FAULT_FLAG_ALLOW_RETRY missing ${flags}
CPU: 0 PID: 812 Comm: labd Not tainted ${release} #5
Call Trace:
 [<ffffffff81000c9f>] dump_stack+0x8e/0xcf
 [<ffffffff8100071b>] handle_userfault+0x75b/0x1570
 [<ffffffff81000a10>] handle_mm_fault+0x1f0/0x5a0`);

test("a userfaultfd fault that is retried a second time was retried once before", () => {
  assert.match(
    userfault("30", "4.4.105-lab"),
    /it had been tried before, and may not be put off again \(flags 0x30\)\.$/,
  );
  assert.match(userfault("881", "6.1.0-lab"), /waiting: it may not be put off and tried again \(flags 0x881\)\.$/);
  // 3.10 with userfaultfd has other numbers: 0x20 says that the task can be killed.
  assert.match(userfault("a0", "3.10.0-lab"), /waiting: it may not be put off and tried again \(flags 0xa0\)\.$/);
});

test("an object whose counter would have gone below zero is not called leaked", () => {
  const told = explanation(`------------[ cut here ]------------
refcount_t: underflow; use-after-free.
WARNING: CPU: 0 PID: 812 at lib/refcount.c:28 refcount_warn_saturate+0x1d1/0x1e0
CPU: 0 PID: 812 Comm: labd Not tainted 6.1.0-lab #1
RIP: 0010:refcount_warn_saturate+0x1d1/0x1e0
Call Trace:
 lab_put+0x33/0x100
 lab_close+0x20/0x90`);
  assert.match(told, /may have been freed while it was still in use\./);
  assert.doesNotMatch(told, /leaked/);
});

test("an allocation that may not wait is not explained as one that waited", () => {
  const failed = (mode: string): string =>
    explanation(`labd: page allocation failure: order:2, mode:${mode}, nodemask=(null),cpuset=/,mems_allowed=0`);
  assert.match(
    failed("0xa20(GFP_ATOMIC)"),
    /above the reserve that the request may use, and the request may not wait \(GFP_ATOMIC\)\./,
  );
  assert.match(failed("0xcc0(GFP_KERNEL)"), /above the reserve that the request may use\. The caller/);
});

test("a work item without a preemption count is judged by lockdep's record alone", () => {
  const said = explanation(`BUG: workqueue leaked lock or atomic: kworker/0:1/0x00000000/12
     last function: lab_work
1 lock held by kworker/0:1/12:
 #0:  (rcu_read_lock_bh){....}, at: [<ffffffff81000010>] lab_find+0x10/0x20`);
  assert.match(said, /according to the records of its task \(preempt_count 0x00000000\)/);
  assert.doesNotMatch(said, /preemption is enabled/);
});

test("a lone line about an object's owner does not promise another report", () => {
  const said = explanation("INFO: Freed in lab_free+0x14/0x20 age=624 cpu=0 pid=3");
  assert.match(said, /This line alone does not say what is wrong with the object\.$/);
});

test("a report of KASAN that was cut after its headline names the place", () => {
  const said = explanation(`==================================================================
BUG: KASAN: wild-memory-access in lab_read+0x1296/0x1440
`);
  assert.match(said, /^The kernel \(reported for `lab_read\+0x1296`\) used memory at an address/);
});

test("a watchdog of transmission names the queue", () => {
  const said = explanation(`WARNING: CPU: 0 PID: 0 at net/sched/sch_generic.c:316 dev_watchdog+0x648/0x770
NETDEV WATCHDOG: lab0 (labnet): transmit queue 3 timed out
CPU: 0 PID: 0 Comm: swapper/0 Not tainted 4.15.0 #1`);
  assert.match(said, /^Transmit queue 3 of the network device `lab0`/);
});

test("a frame pointer warning with a negative PID says that the task was overwritten", () => {
  const said = explanation(
    "WARNING: kernel stack frame pointer at 000000002d9ae6ff in lab/1:-1444181576 has bad value 000000000e9dbdea",
  );
  assert.match(said, /The line names the PID -1444181576, which no task has/);
});

test("a panic for a blocked task names the task that called it", () => {
  const said = explanation(`Kernel panic - not syncing: hung_task: blocked tasks
CPU: 3 PID: 27 Comm: khungtaskd Not tainted 4.2.8 #1`);
  assert.match(said, /`khungtaskd` \(PID 27\) on CPU 3 stopped the kernel\.$/);
});

test("a cycle of locks whose lines are lost says so", () => {
  const said = explanation(`======================================================
WARNING: possible circular locking dependency detected
4.14.0 #22 Not tainted`);
  assert.match(said, /the lines that name the task and the locks are not in this report/);
});

test("an invalid instruction is named with its place and task", () => {
  const said = explanation(`invalid opcode: 0000 [#1] SMP
CPU: 1 PID: 12 Comm: labd Not tainted 4.19.0 #1
RIP: 0010:lab_stop+0x20/0x40
Code: 48 89 e5 <0f> 0b 48 89`);
  assert.match(said, /always faults in `lab_stop\+0x20` \(task `labd`\)/);
});

test("a lock that might_fault announces is not called requested", () => {
  const said = explanation(`=============================
[ BUG: Invalid wait context ]
5.9.0 #15 Not tainted
-----------------------------
labd/12 is trying to lock:
ffff000041e68118 (&mm->mmap_lock){++++}-{3:3}, at: __might_fault+0x108/0x1b0
other info that might help us debug this:
context-{4:4}
1 lock held by labd/12:
 #0: ffffa00012a3b0c0 (rcu_read_lock){....}-{1:2}, at: lab_poll+0x0/0x20`);
  assert.match(said, /may be taken by a page fault \(`__might_fault`\) while `rcu_read_lock` is held/);
});

test("a jump to a wild address on arm is not said to be a call: the link register may be older than a return", () => {
  const told = explanation(`Unable to handle kernel paging request at virtual address 80b0f484
pgd = 9a930000
[80b0f484] *pgd=60811811, *pte=6011445f
Internal error: Oops: 8000000f [#1] ARM
CPU: 0 PID: 812 Comm: labd Not tainted 6.1.0-lab #1
PC is at 0x80b0f484
LR is at lab_wait+0x158/0xa64
pc : [<80b0f484>]    lr : [<80009d60>]    psr: 60000013
sp : 9a917f68  ip : 00000000  fp : 00000005
Process labd (pid: 812, stack limit = 0x9a916210)`);
  assert.match(told, /If it was a call, `lab_wait\+0x158` made it \(the return address is in the link register\)\.$/);
});
