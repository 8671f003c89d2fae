/** Explanations read the codes and options of a machine and its kernel in the form that the report has. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { only, row, timed } from "../builders/logReports.ts";

const explained = (text: string): string => only(timed(text)).explanation;

test("a panic at a report of KMSAN or KASAN tells the option and that report", () => {
  const kmsan = timed(`=====================================================
BUG: KMSAN: uninit-value in lab_read+0x20/0x40
 lab_read+0x20/0x40
 lab_call+0x20/0x40

CPU: 0 PID: 73 Comm: labd Not tainted 6.1.0 #1
=====================================================
Kernel panic - not syncing: kmsan.panic set ...
CPU: 0 PID: 73 Comm: labd Tainted: G    B 6.1.0 #1`).at(-1)!;
  assert.match(kmsan.explanation, /panic at a report of KMSAN \(`kmsan.panic`\)/);
  const kasan = timed(`==================================================================
BUG: KASAN: slab-out-of-bounds in lab_read+0x20/0x40
Read of size 1 at addr ffff88801ceb7c5b by task labd/73

CPU: 0 PID: 73 Comm: labd Not tainted 6.1.0 #1
Call Trace:
 lab_read+0x20/0x40
==================================================================
Kernel panic - not syncing: kasan.fault=panic set ...
CPU: 0 PID: 73 Comm: labd Tainted: G    B 6.1.0 #1`).at(-1)!;
  assert.match(kasan.explanation, /panic at a report of KASAN \(`kasan.fault=panic`\)/);
});

test("the overflow bit of a machine-check bank does not say which of the errors is lost", () => {
  const text = explained(
    "mce: [Hardware Error]: CPU 1: Machine Check: 0 Bank 7: cc00000000010090\nmce: [Hardware Error]: TSC 0 ADDR 1f0",
  );
  assert.match(text, /corrected, another error of the bank was lost/);
});

test("an error that AMD's processors defer is not said to be corrected", () => {
  const text = explained(`[Hardware Error]: Deferred error, no action required.
[Hardware Error]: CPU:2 (17:31:0) MC18_STATUS[Over|-|MiscV|AddrV|-|-|SyndV|UECC|Deferred|-|-]: 0x9c20100000000108`);
  assert.match(text, /deferred/);
  assert.doesNotMatch(text, /\(corrected/);
});

test("the fault status of arm is read in the form of the page tables that it names", () => {
  const words = (status: string): string | undefined =>
    row(
      only(
        timed(`Internal error: : ${status} [#1] SMP ARM
CPU: 0 PID: 73 Comm: labd Not tainted 6.1.0 #1
PC is at lab_read+0x20/0x40
LR is at lab_call+0x20/0x40`),
      ),
      "Access",
    );
  assert.equal(words("211"), "asynchronous external abort");
  assert.equal(words("210"), "synchronous external abort");
  assert.equal(words("221"), "alignment exception");
  assert.equal(words("1"), "alignment exception");
  assert.equal(words("20a"), "read");
});

const FIVE_LEVELS = (cr4: string): string => `general protection fault: 0000 [#1] SMP NOPTI
CPU: 0 PID: 73 Comm: labd Not tainted 6.1.0 #1
RIP: 0010:lab_copy+0x20/0x40
Code: 90 90 <66> 0f 6f 07 90 90
RSP: 0018:ffa0000000123e00 EFLAGS: 00010246
RAX: 0000000000000000 RBX: 0000000000000000 RCX: 0000000000000000
RDX: 0000000000000000 RSI: 0000000000000000 RDI: ff11000102345678
CR2: 0000000000000000 CR3: 0000000102345006 CR4: ${cr4}`;

test("an address of 57 bits is canonical on a processor with five levels of page tables", () => {
  assert.doesNotMatch(explained(FIVE_LEVELS("0000000000771ef0")), /not a canonical address/);
  assert.match(explained(FIVE_LEVELS("0000000000770ef0")), /0xff11000102345678, which is not a canonical address/);
});

test("the exception of a stack overflow on x86 counts as an interrupt itself", () => {
  const text = timed(`kernel stack overflow (double-fault): 0000 [#1] SMP
CPU: 0 PID: 73 Comm: labd Not tainted 4.19.0 #1
RIP: 0010:lab_read+0x20/0x40
Call Trace:
 lab_call+0x20/0x40
Kernel panic - not syncing: Fatal exception in interrupt`)[0]!.explanation;
  assert.match(text, /The handler of this exception counts as an interrupt/);
});

test("an access that RISC-V's physical memory rejects is not blamed on its page", () => {
  const report = only(
    timed(`Oops - load access fault [#1]
CPU: 0 PID: 73 Comm: labd Not tainted 6.1.0 #1
epc : lab_read+0x20/0x40
 ra : lab_call+0x20/0x40
status: 0000000200000120 badaddr: ff2000000012a000 cause: 0000000000000005`),
  );
  assert.equal(row(report, "Access"), "read");
});

test("a pointer of a machine of 32 bits can be a hash, so that a sentence does not give it as the lock's address", () => {
  const text = explained(`BUG: rwlock bad magic on CPU#0, labd/73, c3358724
CPU: 0 PID: 73 Comm: labd Not tainted 5.10.0 #1
Call Trace:
 lab_take+0x20/0x40`);
  assert.doesNotMatch(text, /c3358724/);
});
