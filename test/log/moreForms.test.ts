/** Forms of reports that other trees, machines, consoles and mails print, each by a small log of its own. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { only, row, summaries, timed } from "../builders/logReports.ts";

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
  assert.match(report.explanation, /^The code at lab\/bond\.c \(3511\) needs the lock.*which was not held/);
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

test("an IP line with 32-bit addresses is i386, where the end of user memory is unknown", () => {
  const report = only(
    timed(`BUG: unable to handle kernel paging request at 4d3f33b7
IP: [<81097a61>] lab_free+0x11/0x50
Oops: 0002 [#1]
EIP: 0060:[<81097a61>] EFLAGS: 00010206 CPU: 0
EIP is at lab_free+0x11/0x50`),
  );
  assert.match(report.explanation, /^The kernel wrote to 0x4d3f33b7, where no page is mapped/);
});

test("a headline that follows an unfinished line is found", () => {
  const [report] = timed(`lab testingNMI watchdog: BUG: soft lockup - CPU#0 stuck for 23s! [labd:11]
RIP: 0010:[<ffffffff8116a6ac>]  [<ffffffff8116a6ac>] lab_insert+0x34/0x5f
Call Trace:
 [<ffffffff82df1977>] lab_init+0x200/0x317`);
  assert.equal(report?.title, "BUG: soft lockup in lab_insert");
});

test("console output of a program within a warning is not its message", () => {
  const [report] = summaries(`[   30.692227] ------------[ cut here ]------------
[main] Random reseed: 2134582793
[   30.707199] WARNING: CPU: 0 PID: 413 at lab/sysfs.c:1024 lab_mmap+0xf4/0x136()
[   30.708925] labd tried to map 4 bytes
[   30.711071] CPU: 0 PID: 413 Comm: labd Not tainted 4.8.0 #23`);
  assert.equal(report && row(report, "Says"), "labd tried to map 4 bytes");
});

test("an abort on arm that has only a fault status is named", () => {
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

test("an address of eight digits is of 32 bits where no line tells the machine", () => {
  const report = only(
    timed(`8<--- cut here ---
Unable to handle kernel paging request at virtual address c0d1e28c when execute
[c0d1e28c] *pgd=80c1941e(bad)
Internal error: Oops: 8000000d [#1] SMP ARM`),
  );
  assert.match(report.explanation, /^The kernel jumped to 0xc0d1e28c, in memory that must not be executed/);
});

test("a wrapped headline still gives its address", () => {
  const [report] = summaries(`CPU 0 Unable to handle kernel paging request at virtual address
00000000, epc == 802c3064, ra == 8022b4b4
Call Trace:
[<802c3064>] lab_name+0x0/0x2c`);
  assert.equal(report && row(report, "Address"), "0x0");
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

test("prose after a headline is not part of the report", () => {
  const [report] = summaries(`Unable to handle kernel paging request at virtual address d085c004

work around the issue by a smaller area, which makes
things work reliably. Possibly one could do more`);
  assert.equal(report?.end, 2 - 1);
});

test("a stack of /proc is a trace, and its entry at the first byte of a function is not a caller", () => {
  const report = only(
    timed(`INFO: task labd:77 blocked for more than 120 seconds.
Call Trace:
[<0>] schedule+0x44/0x95
[<0>] lab_stale+0x0/0x95 [lab]
[<0>] lab_read+0x44/0x95 [lab]`),
  );
  assert.equal(row(report, "Where"), "lab_read+0x44 of module lab");
});

test("a wrapped headline of a general protection fault gives its address", () => {
  const [report] = summaries(`general protection fault, probably for non-canonical address
0xdead000000000108: 0000 [#1] SMP
RIP: 0010:lab_remove+0x16/0x1a0`);
  assert.match(
    report?.explanation ?? "",
    /^The kernel used 0xdead000000000108: that is LIST_POISON1, 0x8 bytes after it/,
  );
});

test("lines of the boot loader after a crash are not part of the report", () => {
  const [report] = summaries(`PANIC: double fault, error_code: 0x0
Booting from Hard Disk 0...
early console in extract_kernel
kernel_total_size: 0x0000000003826000`);
  assert.equal(report?.end, 1);
});
