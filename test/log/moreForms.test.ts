/** Forms of reports that other trees, machines and consoles print, each by a small log of its own. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { LogContext } from "../../src/log/context.ts";
import { KernelLog } from "../../src/log/kernelLog.ts";
import { type Summary, summaryOf } from "../../src/log/summary.ts";
import { codeDecoder } from "../../src/session/open/codeDecoder.ts";

const context: LogContext = { disassemble: await codeDecoder(["x86_64", "arm", "arm64"]) };

function summaries(text: string): Summary[] {
  const log = KernelLog.of(text.split("\n"));
  return log.reports.map((report) => summaryOf(log, report, context));
}
/** The reports of messages, with the time before each line. */
const timed = (text: string): Summary[] =>
  summaries(
    text
      .split("\n")
      .map((line, i) => `[    7.${String(100000 + i)}] ${line}`)
      .join("\n"),
  );
const only = (all: readonly Summary[]): Summary => {
  assert.equal(all.length, 1, JSON.stringify(all.map(({ title }) => title)));
  return all[0]!;
};
const row = ({ rows }: Summary, label: string): string | undefined => rows.find((one) => one.label === label)?.text;

test("entries that klogd decorated with decimal places are entries of the trace", () => {
  const { start, end } = only(
    timed(`------------[ cut here ]------------
WARNING: at lab/main.c:696 lab_trim+0x190/0x195()
Pid: 0, comm: swapper Not tainted 2.6.25 #1
 [warn_on_slowpath+71/115] warn_on_slowpath+0x47/0x73
 [vprintk+769/816] ? vprintk+0x301/0x330
 [lab_trim+400/405] lab_trim+0x190/0x195
 =======================
---[ end trace ca143223eefdc828 ]---`),
  );
  assert.deepEqual([start, end], [0, 8]);
});

test("a failed assertion of the network lock is a report of its own kind", () => {
  const report = only(
    timed(`RTNL: assertion failed at lab/bond.c (3511)
CPU: 2 PID: 2834 Comm: labd Not tainted 3.12.3 #1
Call Trace:
 [<ffffffff8148a996>] dump_stack+0x41/0x51
 [<ffffffffa06c6273>] lab_set_rx_mode+0xb3/0xc0 [lab]`),
  );
  assert.equal(report.title, "RTNL: assertion failed in lab_set_rx_mode");
  assert.match(report.explanation, /^The code at lab\/bond\.c \(3511\) needs the lock.*which nobody held/);
});

test("a warning of old powerpc kernels is one, with the task of its TASK line", () => {
  const report = only(
    timed(`------------[ cut here ]------------
Badness at lab/ldisc.c:738
NIP: c025003c LR: c0250024 CTR: c003e4cc
REGS: c98ddda0 TRAP: 0700   Tainted: G        W  (2.6.31)
TASK = c7ec69a0[2282] 'labd' THREAD: c98dc000
NIP [c025003c] lab_reinit+0x54/0xa8
LR [c0250024] lab_reinit+0x3c/0xa8
Call Trace:
[c98dde50] [c0250024] lab_reinit+0x3c/0xa8`),
  );
  assert.equal(report.title, "WARNING in lab_reinit");
  assert.equal(row(report, "Task"), "labd, PID 2282");
  assert.equal(row(report, "Says"), undefined);
});

test("i386 prints the address of an instruction and, below, its name", () => {
  const report = only(
    timed(`kernel BUG at lab/ebitmap.h:88!
invalid opcode: 0000 [#1] SMP
Pid: 2577, comm: labd Not tainted (2.6.32 #1)
EIP: 0060:[<c0598bd2>] EFLAGS: 00210286 CPU: 3
EIP is at lab_get_bit+0x26/0x55
EAX: 00000000 EBX: 00000000 ECX: 00000000 EDX: 00000000
Call Trace:
 [<c059b02b>] ? lab_isvalid+0x46/0x80`),
  );
  assert.equal(report.title, "kernel BUG in lab_get_bit");
  assert.equal(row(report, "Task"), "labd, PID 2577, CPU 3");
});

test("32-bit addresses of an IP line are i386's: nothing is said of where user memory ends", () => {
  const report = only(
    timed(`BUG: unable to handle kernel paging request at 4d3f33b7
IP: [<81097a61>] lab_free+0x11/0x50
Oops: 0002 [#1]
EIP: 0060:[<81097a61>] EFLAGS: 00010206 CPU: 0
EIP is at lab_free+0x11/0x50`),
  );
  assert.match(report.explanation, /^The kernel wrote to 0x4d3f33b7, where no page is mapped/);
});

test("a headline that was printed behind an unfinished line is found", () => {
  const [report] = timed(`lab testingNMI watchdog: BUG: soft lockup - CPU#0 stuck for 23s! [labd:11]
RIP: 0010:[<ffffffff8116a6ac>]  [<ffffffff8116a6ac>] lab_insert+0x34/0x5f
Call Trace:
 [<ffffffff82df1977>] lab_init+0x200/0x317`);
  assert.equal(report?.title, "BUG: soft lockup in lab_insert");
});

test("the exit code of init is told in words", () => {
  const panic = (code: string): string =>
    only(timed(`Kernel panic - not syncing: Attempted to kill init! exitcode=0x${code}`)).explanation;
  assert.match(panic("0000000b"), /It was killed by signal 11 \(SIGSEGV\)\.$/);
  assert.match(panic("00007f00"), /It exited with status 127\.$/);
});

test("an idle processor is not the cause of a stall in which all passed a quiescent state", () => {
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
  assert.match(report.explanation, /^All processors passed.*last ran 10002 jiffies before/);
});

const protection = (headline: string, code: string, registers: string): string =>
  only(
    timed(`${headline}
CPU: 1 PID: 7 Comm: labd Not tainted 4.8.0 #1
RIP: 0010:[<ffffffff810b0000>]  [<ffffffff810b0000>] lab_find+0xc6/0x600
${registers}
Code: ${code}`),
  ).explanation;

test("the address of a general protection fault is worked out from the instruction and its registers", () => {
  const fault = "general protection fault: 0000 [#1] SMP";
  assert.match(
    protection(fault, "90 90 <8b> 48 04 90", "RAX: 6b6b6b6b6b6b6b6b RBX: 0000000000000000 RCX: 0000000000000005"),
    /^The kernel used 0x6b6b6b6b6b6b6b6f: that is POISON_FREE/,
  );
  assert.match(
    protection(fault, "90 90 <48> 8b 40 18 90", "RAX: 6d6d75642d676572 RBX: 0000000000000000 RCX: 0000000000000005"),
    /^The kernel used 0x6d6d75642d67658a: the pointer is made of the text “reg-dum”/,
  );
});

test("KASAN's inline check of a member at NULL is told with the member's offset", () => {
  assert.match(
    protection(
      "general protection fault: 0000 [#1] SMP KASAN",
      "90 90 <0f> b6 04 01 90",
      "RAX: dffffc0000000000 RBX: 0000000000000000 RCX: 0000000000000085",
    ),
    /^KASAN's check of an address near NULL \(between 0x428 and 7 bytes further\)/,
  );
});

test("what a program writes to the console within a warning is not what the warning says", () => {
  const [report] = summaries(`[   30.692227] ------------[ cut here ]------------
[main] Random reseed: 2134582793
[   30.707199] WARNING: CPU: 0 PID: 413 at lab/sysfs.c:1024 lab_mmap+0xf4/0x136()
[   30.708925] labd tried to map 4 bytes
[   30.711071] CPU: 0 PID: 413 Comm: labd Not tainted 4.8.0 #23`);
  assert.equal(report && row(report, "Says"), "labd tried to map 4 bytes");
});

test("the processor of the watchdog's own task is not the hung task's", () => {
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

test("a fault behind a panic is no fact of the panic", () => {
  const [panic] = timed(`Kernel panic - not syncing: Fatal exception
BUG: unable to handle page fault for address: ffffffff83d789c6
#PF: supervisor write access in kernel mode`);
  assert.equal(panic && row(panic, "Address"), undefined);
  assert.equal(panic && row(panic, "Access"), undefined);
});

test("a panic names the report before it as its cause only where its words say so", () => {
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

test("the free that KASAN shows of memory that is in use is not told of the object", () => {
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
  assert.match(report("slab-out-of-bounds"), /It was allocated by `lab_open`\.$/);
  assert.match(report("use-after-free"), /It was freed by `lab_other`\.$/);
});

test("an abort that arm tells by its fault status alone is named", () => {
  const report = only(
    timed(`Internal error: : 8 [#1] SMP ARM
CPU: 0 PID: 0 Comm: swapper/0 Not tainted 4.14.0 #1
PC is at lab_irq+0x58/0x90
LR is at lab_irq+0x30/0x90
pc : [<c0301448>]    lr : [<c0301420>]    psr: 60000193
sp : c0d01d2c  ip : 00000000  fp : 00000000`),
  );
  assert.match(report.explanation, /^An external abort \(external abort on non-linefetch\)/);
});

test("seconds with a tab, a blank or more digits than a clock has are a prefix", () => {
  for (const stamp of ["[\t68764.975944]", "[    0.048509 ][    T0 ] ", "[18444175627.134970] "]) {
    const [report] = summaries(`${stamp}Kernel panic - not syncing: Fatal exception`);
    assert.equal(report?.title, "kernel panic: Fatal exception", stamp);
  }
});

test("a pointer that is a small number is near NULL, of no program", () => {
  const report = only(
    timed(`BUG: unable to handle page fault for address: 0000000000002658
#PF: supervisor read access in kernel mode
RIP: 0010:lab_map+0x54/0xc4 [lab]`),
  );
  assert.match(report.explanation, /^The kernel read from 0x2658, near NULL/);
});

test("a log that a mail quotes with bars, or indents, is read with its registers", () => {
  for (const indent of ["| ", "    ", "> "]) {
    const [report] = summaries(
      `BUG: Kernel NULL pointer dereference at 0x00000018
Faulting instruction address: 0xc03ed4b8
Oops: Kernel access of bad area, sig: 11 [#1]
CPU: 0 PID: 362 Comm: labd Not tainted 5.4.163 #0
NIP:  c03ed4b8 LR: c03d27e8 CTR: c03ed36c
DEAR: 00000018 ESR: 00800000
NIP [c03ed4b8] lab_issue+0x14c/0x254
LR [c03d27e8] lab_queue+0x1c8/0x2dc
Call Trace:
[cfa59a08] [c03d27e8] lab_queue+0x1c8/0x2dc`
        .split("\n")
        .map((line) => indent + line)
        .join("\n"),
    );
    assert.equal(report?.title, "BUG: unable to handle kernel NULL pointer dereference in lab_issue", indent);
    assert.match(report.explanation, /it wrote to 0x18/);
  }
});

test("a jump to nowhere is told by the register of the return address, not by what lies on the stack", () => {
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
  assert.match(report.explanation, /pointer that was NULL\. The call came from `lab_port_add\+0x7c`\.$/);
});

test("an address of eight digits is of 32 bits where no line tells the machine", () => {
  const report = only(
    timed(`8<--- cut here ---
Unable to handle kernel paging request at virtual address c0d1e28c when execute
[c0d1e28c] *pgd=80c1941e(bad)
Internal error: Oops: 8000000d [#1] SMP ARM`),
  );
  assert.match(report.explanation, /^The kernel jumped to 0xc0d1e28c, memory that must not be executed/);
});

test("a headline that was wrapped still tells its address", () => {
  const [report] = summaries(`CPU 0 Unable to handle kernel paging request at virtual address
00000000, epc == 802c3064, ra == 8022b4b4
Call Trace:
[<802c3064>] lab_name+0x0/0x2c`);
  assert.equal(report && row(report, "Address"), "0x0");
});

test("a stack overflow without a trace points to none", () => {
  const report = only(
    timed(`Insufficient stack space to handle exception!
ESR: 0x0000000096000047 -- DABT (current EL)
FAR: 0xffffffc008c47fe0
Kernel panic - not syncing: kernel stack overflow`),
  );
  assert.doesNotMatch(report.explanation, /trace/);
});

test("the failed checks of OpenZFS and Lustre are reports", () => {
  const zfs = only(
    timed(`VERIFY3(skip < iov->iov_len) failed (0 < 0)
PANIC at lab_uio.c:187:lab_prefault()
Showing stack for process 12
CPU: 2 PID: 12 Comm: labd Tainted: P           O  3.16.0 #1
Call Trace:
 [<ffffffffc0d5e3fc>] dump_stack+0x45/0x57
 [<ffffffffc0d5e3fd>] spl_panic+0xbb/0x100 [spl]
 [<ffffffffc0d5e3fe>] lab_prefault+0x134/0x140 [zcommon]`),
  );
  assert.equal(zfs.title, "ZFS panic in lab_prefault");
  assert.match(zfs.explanation, /OpenZFS at lab_uio\.c:187 failed: “VERIFY3\(skip < iov->iov_len\) failed \(0 < 0\)”/);
  const lustre = only(
    timed(`LustreError: 14812:0:(lab_object.c:1251:lab_fini()) ASSERTION( atomic_read(&d->ref) == 0 ) failed: Refcount is 1
LustreError: 14812:0:(lab_object.c:1251:lab_fini()) LBUG
Pid: 14812, comm: umount
Call Trace:
 [<ffffffffa11bc895>] libcfs_debug_dumpstack+0x55/0x80 [libcfs]
 [<ffffffffa1458a48>] lab_fini+0xb8/0xc0 [obdclass]`),
  );
  assert.equal(lustre.title, "Lustre LBUG in lab_fini");
});

test("prose behind a headline is not of the report", () => {
  const [report] = summaries(`Unable to handle kernel paging request at virtual address d085c004

work around the issue by a smaller area, which makes
things work reliably. Possibly one could do more`);
  assert.equal(report?.end, 2 - 1);
});

test("an interrupted frame of an exception's entry is not where an error of the hardware came from", () => {
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
  assert.match(report.explanation, /^The hardware reported an error \(code 0xbe000011\) later/);
  assert.equal(report.explanation.split("later than").length, 2, "said once");
});

test("a stack of /proc is a trace, and an entry at the first byte of a function no caller", () => {
  const report = only(
    timed(`INFO: task labd:77 blocked for more than 120 seconds.
Call Trace:
[<0>] schedule+0x44/0x95
[<0>] lab_stale+0x0/0x95 [lab]
[<0>] lab_read+0x44/0x95 [lab]`),
  );
  assert.equal(row(report, "Where"), "lab_read+0x44 of module lab");
});

test("a preemption that nothing turned off is told of no function", () => {
  const report = only(
    timed(`BUG: scheduling while atomic: labd/2161/0x00000202
Preemption disabled at:
[<0000000000000000>] 0x0
CPU: 0 PID: 2161 Comm: labd Not tainted 5.4.0 #1`),
  );
  assert.doesNotMatch(report.explanation, /last turned off/);
});

test("a wrapped headline of a general protection fault tells its address", () => {
  const [report] = summaries(`general protection fault, probably for non-canonical address
0xdead000000000108: 0000 [#1] SMP
RIP: 0010:lab_remove+0x16/0x1a0`);
  assert.match(
    report?.explanation ?? "",
    /^The kernel used 0xdead000000000108: that is LIST_POISON1, 0x8 bytes behind/,
  );
});

test("the stack of who waits for a grace period names nobody that is in its way", () => {
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

test("of several tasks that RCU waits for none is picked by the stack of one processor", () => {
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
