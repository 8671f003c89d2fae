/** Reports of every machine, made from the kernel's format strings: registers, code, call traces, fault addresses. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { only, row, timed, timedTraces } from "../builders/logReports.ts";

/** arch/riscv/mm/fault.c: die_kernel_fault; kernel/process.c: __show_regs; kernel/traps.c: dump_instr. */
const RISCV = `Unable to handle kernel NULL pointer dereference at virtual address 0000000000000018
Oops [#1]
CPU: 2 PID: 211 Comm: insmod Tainted: G           O       6.6.30 #1
epc : lab_probe+0x1c/0x40 [lab]
 ra : lab_init+0x24/0x1000 [lab]
epc : ffffffff01a0401c ra : ffffffff01a07024 sp : ff20000000a3bc10
 s1 : 0000000000000000 a0 : 0000000000000000 a1 : 0000000000000001
 a5 : 0000000000000000 a6 : 0000000000000000 a7 : 0000000000000000
status: 0000000200000120 badaddr: 0000000000000018 cause: 000000000000000d
[<ffffffff01a0401c>] lab_probe+0x1c/0x40 [lab]
[<ffffffff01a07024>] lab_init+0x24/0x1000 [lab]
[<ffffffff80002060>] do_one_initcall+0x5c/0x1c4
[<ffffffff800b1f2c>] do_init_module+0x5c/0x210
Code: 1101 ec06 e822 1000 0001 0001 842a 0000 0001 0001 (6d1c) e79c
---[ end trace 0000000000000000 ]---`;

/** arch/riscv/kernel/traps.c: handle_bad_stack. */
const RISCV_STACK = `Insufficient stack space to handle exception!
Task stack:     [0xff20000010a98000..0xff20000010a9c000]
Overflow stack: [0xff600001f7d98370..0xff600001f7d99370]
CPU: 1 PID: 205 Comm: bash Not tainted 6.1.0-rc2 #328
epc : lab_recurse+0x12/0x80
 ra : lab_recurse+0x3a/0x80
epc : ffffffff8065a1be ra : ffffffff8065a1e6 sp : ff20000010a97fc0
status: 0000000200000120 badaddr: ff20000010a97fd8 cause: 000000000000000f
Kernel panic - not syncing: Kernel stack overflow
CPU: 1 PID: 205 Comm: bash Not tainted 6.1.0-rc2 #328
Call Trace:
[<ffffffff80006754>] dump_backtrace+0x30/0x38
[<ffffffff808de798>] show_stack+0x40/0x4c
[<ffffffff808ea2a8>] dump_stack_lvl+0x44/0x5c
[<ffffffff808ea2d8>] dump_stack+0x18/0x20
[<ffffffff808dec06>] panic+0x126/0x2fe
[<ffffffff800065ea>] walk_stackframe+0x0/0xf0
[<ffffffff8065a1e6>] lab_recurse+0x3a/0x80
SMP: stopping secondary CPUs
---[ end Kernel panic - not syncing: Kernel stack overflow ]---`;

/** arch/powerpc/mm/fault.c: bad_page_fault; kernel/process.c: show_regs, show_instructions. A program's registers follow. */
const POWERPC = `BUG: Kernel NULL pointer dereference on write at 0x00000018
Faulting instruction address: 0xc008000000ac0078
Oops: Kernel access of bad area, sig: 11 [#1]
CPU: 3 UID: 0 PID: 911 Comm: insmod Tainted: G           O       6.12.0 #1
NIP:  c008000000ac0078 LR: c008000000ac0060 CTR: c0000000001c0a20
GPR00: c008000000ac0060 c00000000b0abb10 c000000001f4a100 0000000000000000
GPR04: 0000000000000007 0000000000000001 0000000000000000 0000000000000000
NIP [c008000000ac0078] lab_probe+0x30/0x80 [lab]
LR [c008000000ac0060] lab_probe+0x18/0x80 [lab]
Call Trace:
[c00000000b0abb10] [c008000000ac0060] lab_probe+0x18/0x80 [lab] (unreliable)
[c00000000b0abb40] [c000000000010b6c] do_one_initcall+0x7c/0x3f0
[c00000000b0abc10] [c00000000022b1f4] do_init_module+0x84/0x300
[c00000000b0abe10] [c00000000002f9c8] system_call_exception+0x138/0x330
[c00000000b0abe50] [c00000000000d05c] system_call_vectored_common+0x15c/0x2ec
--- interrupt: 3000 at 0x7fff8ab2c0e4
NIP:  00007fff8ab2c0e4 LR: 00007fff8ab2c0e4 CTR: 0000000000000000
IRQMASK: 0
GPR00: 0000000000000161 00007fffd7d8f2b0 00007fff8ac37300 0000000000000003
NIP [00007fff8ab2c0e4] 0x7fff8ab2c0e4
LR [00007fff8ab2c0e4] 0x7fff8ab2c0e4
--- interrupt: 3000
Code: 60000000 7c0802a6 f8010010 f821ffd1 4bffff91 39200007 38600000 60000000 <f9230018> 38210030 e8010010 7c0803a6
---[ end trace 0000000000000000 ]---`;

/** The code in several lines, up to 6.4. */
const POWERPC_DUMP = `Unable to handle kernel paging request for data at address 0x6b6b6b6b6b6b6b73
Faulting instruction address: 0xc00000000031c0f8
Oops: Kernel access of bad area, sig: 11 [#1]
SMP NR_CPUS=1024 NUMA pSeries
CPU: 7 PID: 2201 Comm: lab-worker Tainted: G           O   4.4.0-31-generic #50-Ubuntu
task: c000000003a68c80 ti: c0000000039a0000 task.ti: c0000000039a0000
NIP: c00000000031c0f8 LR: c00000000031c0c4 CTR: 0000000000000000
GPR00: c00000000031c0c4 c0000000039a3b00 c0000000015f5d00 6b6b6b6b6b6b6b6b
GPR04: 0000000000000000 0000000000000000 0000000000000000 0000000000000000
NIP [c00000000031c0f8] lab_queue_next+0x48/0x90
LR [c00000000031c0c4] lab_queue_next+0x14/0x90
Call Trace:
[c0000000039a3b00] [c00000000031c0c4] lab_queue_next+0x14/0x90 (unreliable)
[c0000000039a3b30] [c0000000000ed4b0] kthread+0x110/0x130
[c0000000039a3e30] [c000000000009538] ret_from_kernel_thread+0x5c/0xa4
Instruction dump:
7c0802a6 fbe1fff8 f8010010 f821ffd1 7c7f1b78 4bfffe81 60000000 2fa30000
419e0028 e87f0010 60000000 60420000 <e9230008> 2fa90000 419e0014 38600001
---[ end trace 9a2d0e0d0a8b0d3c ]---`;

/** arch/powerpc/mm/fault.c: bad_kernel_fault, before bad_page_fault. */
const POWERPC_USER = `Kernel attempted to write user page (18) - exploit attempt? (uid: 0)
${POWERPC}`;

/** arch/powerpc/mm/fault.c: bad_kernel_fault. */
const POWERPC_EXEC = `kernel tried to execute exec-protected page (c008000000e40000) - exploit attempt? (uid: 0)
BUG: Unable to handle kernel instruction fetch
Faulting instruction address: 0xc008000000e40000
Oops: Kernel access of bad area, sig: 11 [#1]
CPU: 0 PID: 812 Comm: lab Not tainted 6.1.0 #1
NIP:  c008000000e40000 LR: c008000000bc00a4 CTR: c008000000e40000
GPR00: c008000000bc00a4 c0000000232e3cf0 c008000000bc8000 0000000000000001
NIP [c008000000e40000] 0xc008000000e40000
LR [c008000000bc00a4] lab_call+0x24/0x40 [lab]
Call Trace:
[c0000000232e3cf0] [c008000000bc00a0] lab_call+0x20/0x40 [lab] (unreliable)
[c0000000232e3d10] [c0000000004f2fa4] vfs_write+0xd4/0x2f0
---[ end trace 0000000000000000 ]---`;

/** arch/powerpc/kernel/mce.c: machine_check_print_event_info. */
const POWERPC_CHECK = `MCE: CPU12: machine check (Severe)  Load/Store UE [Not recovered]
MCE: CPU12: NIP: [c000000000ab0078] lab_copy+0x48/0x90
MCE: CPU12: Initiator CPU
MCE: CPU12: Unknown
Oops: Machine check, sig: 7 [#1]
CPU: 12 PID: 911 Comm: lab Not tainted 6.1.0 #1
NIP:  c000000000ab0078 LR: c000000000ab0060 CTR: c0000000001c0a20
NIP [c000000000ab0078] lab_copy+0x48/0x90
LR [c000000000ab0060] lab_copy+0x30/0x90
Call Trace:
[c00000000b0abb10] [c000000000ab0060] lab_copy+0x30/0x90 (unreliable)
[c00000000b0abb40] [c00000000010b6c4] sys_ioctl+0x7c/0x3f0
---[ end trace 0000000000000000 ]---`;

/** arch/s390/mm/fault.c: dump_fault_info; kernel/dis.c: show_code. */
const S390 = `Unable to handle kernel pointer dereference in virtual kernel address space
Failing address: 0000000000000000 TEID: 0000000000000483
Fault in home space mode while using kernel ASCE.
Oops: 0004 ilc:3 [#1] SMP
CPU: 1 PID: 811 Comm: insmod Tainted: G           O       6.6.0 #1
Krnl PSW : 0704c00180000000 000003ff8011a0b2 (lab_probe+0x1a/0x48 [lab])
           R:0 T:1 IO:1 EX:1 Key:0 M:1 W:0 P:0 AS:3 CC:0 PM:0 RI:0 EA:3
Krnl GPRS: 0000000000000000 0000000000000007 0000000000000000 0000000000000001
           000003ff8011a0a0 0000000000000000 000000005a1e6c00 000003ff8011c000
           0000000000000000 0000000000000000 0000000082a1c000 000003ff8011d000
           000000008372a100 000000005a8fa000 000003ff8011a0ac 0000038000a3bb40
Krnl Code: 000003ff8011a0a4: e3e0f0980024	stg	%r14,152(%r15)
           000003ff8011a0aa: a7290000		lghi	%r2,0
          #000003ff8011a0ae: a7180007		lhi	%r1,7
          >000003ff8011a0b2: 50102018		st	%r1,24(%r2)
           000003ff8011a0b6: a7290000		lghi	%r2,0
           000003ff8011a0ba: ebeff0a80004	lmg	%r14,%r15,168(%r15)
Call Trace:
 [<000003ff8011a0b2>] lab_probe+0x1a/0x48 [lab]
 [<000000005948f1f6>] do_one_initcall+0x3e/0x270
 [<0000000059561f0a>] do_init_module+0x62/0x210
 [<0000000059dd8f36>] system_call+0x82/0xb0
Last Breaking-Event-Address:
 [<000003ff8011a0a0>] lab_probe+0x8/0x48 [lab]`;

/** A jump to 0: the processor stops at the instruction after it. */
const S390_JUMP = `illegal operation: 0001 ilc:1 [#1] SMP
CPU: 1 PID: 812 Comm: lab Tainted: G           O       6.6.0 #1
Krnl PSW : 0704c00180000000 0000000000000002 (0x2)
           R:0 T:1 IO:1 EX:1 Key:0 M:1 W:0 P:0 AS:3 CC:0 PM:0 RI:0 EA:3
Krnl GPRS: 0000000000000000 0000000000000000 0000000000000000 0000000000000001
           000003ff8011a0a0 0000000000000000 000000005a1e6c00 000003ff8011c000
           0000000000000000 0000000000000000 0000000082a1c000 000003ff8011d000
           000000008372a100 000000005a8fa000 000003ff8011a0ac 0000038000a3bb40
Krnl Code:#0000000000000000: 0000		illegal
          >0000000000000002: 0000		illegal
           0000000000000004: 0000		illegal
Call Trace:
 [<0000000000000002>] 0x2
([<000003ff8011a0ac>] lab_call+0x24/0x48 [lab])
 [<000000005948f1f6>] vfs_write+0x3e/0x270
Last Breaking-Event-Address:
 [<000003ff8011a0a6>] lab_call+0x1e/0x48 [lab]
---[ end trace 0000000000000000 ]---`;

/** arch/mips/kernel/unaligned.c: do_ade; kernel/traps.c: show_registers. */
const MIPS = `Unhandled kernel unaligned access[#1]:
CPU: 0 PID: 31 Comm: lab Not tainted 5.4.0 #1
$ 0   : 00000000 00000001 00000000 00000007
$ 4   : 6b6b6b6b 00000000 00000001 81c3bd98
epc   : 80a04010 lab_next+0x10/0x30
ra    : 80100a24 lab_walk+0x74/0x1f0
Status: 1100fc03	KERNEL EXL IE
Cause : 00800010 (ExcCode 04)
BadVA : 6b6b6b6f
Process lab (pid: 31, threadinfo=81c3a000, task=81d2c000, tls=77f2ddb0)
Call Trace:
[<80a04010>] lab_next+0x10/0x30
[<80100a24>] lab_walk+0x74/0x1f0
Code: 27bdffe8  afbf0014  24030007 <8c820004> 00001025
---[ end trace 0000000000000000 ]---`;

/** arch/loongarch/mm/fault.c: no_context; kernel/traps.c: show_registers. */
const LOONGARCH = `CPU 2 Unable to handle kernel paging request at virtual address 0000000000000018, era == ffff800002064014, ra == 9000000000200a24
Oops[#1]:
CPU: 2 PID: 311 Comm: insmod Tainted: G           O       6.6.0 #1
pc ffff800002064014 ra 9000000000200a24 tp 90000001048b0000 sp 90000001048b3c50
a0 0000000000000000 a1 0000000000000007 a2 0000000000000000 a3 0000000000000000
   ra: 9000000000200a24 do_one_initcall+0x74/0x280
  ERA: ffff800002064014 lab_probe+0x14/0x40 [lab]
ESTAT: 00020000 [PIS] (IS= ECode=2 EsubCode=0)
 BADV: 0000000000000018
Process insmod (pid: 311, threadinfo=0000000012345678, task=0000000087654321)
Call Trace:
[<ffff800002064014>] lab_probe+0x14/0x40 [lab]
[<9000000000200a24>] do_one_initcall+0x74/0x280
[<90000000002f5c14>] do_init_module+0x54/0x220
[<9000000000f2f7a4>] do_syscall+0xa4/0xe0
[<9000000000221fe8>] handle_syscall+0xb8/0x158

Code: 02ffc063  29c02061  00150004 <29806085> 4c000020

---[ end trace 0000000000000000 ]---`;

/** arch/arm/mm/fault.c: die_kernel_fault; kernel/traps.c: dump_instr. */
const ARM = `8<--- cut here ---
Unable to handle kernel NULL pointer dereference at virtual address 00000018 when write
[00000018] *pgd=00000000
Internal error: Oops: 805 [#1] SMP ARM
CPU: 0 PID: 311 Comm: insmod Tainted: G           O       6.6.0 #1
Hardware name: Generic DT based system
PC is at lab_probe+0x14/0x30 [lab]
LR is at do_one_initcall+0x50/0x240
pc : [<bf00401c>]    lr : [<c0101e70>]    psr: 60000013
sp : e0a01de8  ip : 00000000  fp : 00000000
r10: 00000000  r9 : c2a4c000  r8 : bf006000
r7 : 00000001  r6 : c1a3bd00  r5 : 00000000  r4 : bf004008
r3 : 00000000  r2 : 00000007  r1 : 00000000  r0 : 00000000
Flags: nZCv  IRQs on  FIQs on  Mode SVC_32  ISA ARM  Segment none
Process insmod (pid: 311, stack limit = 0x1c9a0a4f)
 lab_probe [lab] from do_one_initcall+0x50/0x240
 do_one_initcall from do_init_module+0x54/0x1fc
 do_init_module from sys_finit_module+0x1ac/0x2d0
 sys_finit_module from ret_fast_syscall+0x0/0x54
Code: e92d4010 e3a02007 e3a03000 e1a04000 (e5832018)
---[ end trace 0000000000000000 ]---`;

/** arch/x86/kernel/process_32.c: __show_regs; a program's registers end the trace. */
const I386 = `BUG: kernel NULL pointer dereference, address: 00000018
#PF: supervisor write access in kernel mode
#PF: error_code(0x0002) - not-present page
*pde = 00000000
Oops: 0002 [#1] PREEMPT SMP
CPU: 0 PID: 211 Comm: insmod Tainted: G           O       6.1.0-18-686 #1  Debian 6.1.76-1
EIP: lab_probe+0x9/0x20 [lab]
Code: 90 90 90 90 55 31 c0 89 e5 <c7> 40 18 07 00 00 00 5d c3 90 90
EAX: 00000000 EBX: c1f2a000 ECX: 00000000 EDX: 00000007
ESI: f7c06000 EDI: 00000000 EBP: c2a3bd90 ESP: c2a3bd90
DS: 007b ES: 007b FS: 00d8 GS: 0033 SS: 0068 EFLAGS: 00010246
CR0: 80050033 CR2: 00000018 CR3: 02a3c000 CR4: 00000690
Call Trace:
 do_one_initcall+0x44/0x2f0
 ? kmem_cache_alloc_trace+0x3c/0x1c0
 do_init_module+0x43/0x200
 __ia32_sys_finit_module+0x8a/0xe0
 do_int80_syscall_32+0x35/0x80
 entry_INT80_32+0xf0/0xf0
EIP: 0xb7f2a092
Code: Unable to access opcode bytes at 0xb7f2a068.
EAX: ffffffda EBX: 00000003 ECX: 080d2f10 EDX: 00000000
ESI: 09a2b1c0 EDI: 09a2b3d0 EBP: 00000000 ESP: bfd5c3fc
DS: 007b ES: 007b FS: 0000 GS: 0033 SS: 007b EFLAGS: 00000296
CR2: 0000000000000018
---[ end trace 0000000000000000 ]---
EIP: lab_probe+0x9/0x20 [lab]
Code: 90 90 90 90 55 31 c0 89 e5 <c7> 40 18 07 00 00 00 5d c3 90 90`;

test("riscv: the instruction names the register that is NULL", () => {
  const report = only(timed(RISCV));
  assert.equal(row(report, "Instruction"), "c.ld a5, 0x18(a0); a0 = 0x0, a5 = 0x0");
  assert.match(report.explanation, /NULL pointer, in register a0: it read from 0x18, that many bytes after/);
  assert.deepEqual(timedTraces(RISCV), [[["lab_probe", "lab_init", "do_one_initcall", "do_init_module"]]]);
});

test("riscv: an overflow of the stack gives the address and the stack", () => {
  const report = only(timed(RISCV_STACK));
  assert.equal(row(report, "Address"), "0xff20000010a97fd8");
  assert.match(report.explanation, /the stack is \[0xff20000010a98000\.\.0xff20000010a9c000\]/);
});

test("powerpc: the code belongs to the kernel's registers, although a program's are printed before it", () => {
  const report = only(timed(POWERPC));
  assert.equal(row(report, "Instruction"), "std r9, 0x18(r3); R3 = 0x0");
  assert.equal(row(report, "Where"), "lab_probe+0x30 of module lab");
  assert.match(report.explanation, /NULL pointer, in register r3: it wrote to 0x18/);
});

test("powerpc: code in several lines is decoded from the marked word", () => {
  const report = only(timed(POWERPC_DUMP));
  assert.equal(row(report, "Instruction"), "ld r9, 8(r3); R3 = 0x6b6b6b6b6b6b6b6b");
  assert.match(report.explanation, /0x6b6b6b6b6b6b6b73: that is POISON_FREE, 0x8 bytes after it/);
});

test("powerpc's line about user memory before a fault adds to its report, whose headline is that of the fault", () => {
  const report = only(timed(POWERPC_USER));
  assert.equal(report.kind, "null-pointer");
  assert.equal(report.title, "BUG: unable to handle kernel NULL pointer dereference in lab_probe");
  assert.equal(report.headline, "BUG: Kernel NULL pointer dereference on write at 0x00000018");
  assert.equal(row(report, "Access")?.split(" ")[0], "write");
});

test("powerpc: a jump into data is an instruction fetch, made by the function of the link register", () => {
  const report = only(timed(POWERPC_EXEC));
  assert.equal(row(report, "Access"), "instruction fetch, the page does not allow it");
  assert.match(report.explanation, /jumped to 0xc008000000e40000, in memory that must not.*`lab_call\+0x24` made it/);
});

test("powerpc: a machine check and its oops are one report, with the error in words", () => {
  const report = only(timed(POWERPC_CHECK));
  assert.equal(report.kind, "machine-check");
  assert.match(
    report.explanation,
    /^CPU 12 raised a machine check: Load\/Store UE \(severity: severe, not recovered\)/,
  );
});

test("s390: the instruction gives the address that the report gives only as a page", () => {
  const report = only(timed(S390));
  assert.equal(row(report, "Instruction"), "st %r1,24(%r2); R1 = 0x7, R2 = 0x0");
  assert.equal(row(report, "Address"), "0x18");
  assert.match(report.explanation, /NULL pointer, in register r2: it wrote to 0x18/);
});

test("s390: without its instruction an access is only known to be in the page", () => {
  const pageOnly = (page: string): string =>
    S390.split("\n")
      .filter((line) => !/Krnl Code|^ *[#>]*[0-9a-f]{16}: /.test(line))
      .join("\n")
      .replace("Failing address: 0000000000000000", `Failing address: ${page}`);
  const near = only(timed(pageOnly("0000000000000000")));
  assert.equal(row(near, "Address"), undefined);
  assert.equal(row(near, "Page"), "0x0");
  assert.match(near.explanation, /wrote to an address in the page at 0x0, near NULL/);
  assert.match(
    only(timed(pageOnly("6b6b6b6b6b6b6000"))).explanation,
    /page at 0x6b6b6b6b6b6b6000, that of POISON_FREE/,
  );
  assert.match(only(timed(pageOnly("fffffffffffff000"))).explanation, /the last one: most likely an error pointer/);
  assert.match(only(timed(pageOnly("000000000133b000"))).explanation, /page at 0x133b000, which is write-protected/);
});

test("s390: the last branch names who jumped to NULL", () => {
  const report = only(timed(S390_JUMP));
  assert.equal(row(report, "Where"), "lab_call+0x1e of module lab");
  assert.match(
    report.explanation,
    /at 0x2, near NULL, where no code is.*`lab_call\+0x1e` made it \(the last branch was there\)/,
  );
  assert.equal(report.title, "Oops: illegal operation in lab_call");
});

test("mips: an access that is not aligned has its address, and what that is", () => {
  const report = only(timed(MIPS));
  assert.equal(row(report, "Address"), "0x6b6b6b6f");
  assert.match(report.explanation, /access at 0x6b6b6b6f was not aligned.*POISON_FREE/);
});

test("loongarch: the exception's code says that it was a write to a page that is not there", () => {
  const report = only(timed(LOONGARCH));
  assert.equal(row(report, "Access"), "write, no page is there");
  assert.equal(row(report, "Where"), "lab_probe+0x14 of module lab");
  assert.match(report.explanation, /it wrote to 0x18/);
});

test("arm: entries without addresses, and the instruction in brackets", () => {
  const report = only(timed(ARM));
  assert.equal(row(report, "Instruction"), "str r2, [r3, #0x18]; r3 = 0x0, r2 = 0x7");
  assert.match(report.explanation, /NULL pointer, in register r3: it wrote to 0x18/);
  assert.deepEqual(timedTraces(ARM)[0]?.[0]?.slice(0, 2), ["do_one_initcall", "do_init_module"]);
});

test("i386: the code is the kernel's, although a program's follows the trace", () => {
  const report = only(timed(I386));
  assert.equal(row(report, "Instruction"), "movl $0x7,0x18(%eax); EAX = 0x0");
  assert.match(report.explanation, /NULL pointer, in register eax: it wrote to 0x18/);
});
