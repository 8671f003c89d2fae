/** Explanations state what the log shows; causes that it does not show are called usual or likely. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { only, row, timed } from "../builders/logReports.ts";

test("the cause of a panic is the first line of the report before it, with the place of the processor", () => {
  const panic = timed(`int3: 0000 [#1] PREEMPT SMP
CPU: 1 PID: 12 Comm: labd Not tainted 6.12.0 #1
RIP: 0010:kmem_cache_alloc_noprof+0x83/0x2a0
Call Trace:
 lab_alloc+0x10/0x20
---[ end trace f645f233383c1141 ]---
Kernel panic - not syncing: Fatal exception in interrupt`).at(-1)!;
  assert.equal(row(panic, "Cause"), "int3: 0000 [#1] PREEMPT SMP in kmem_cache_alloc_noprof+0x83 (labd, PID 12)");
});

test("a hung task whose trace is doubtful is explained by the locks that lockdep lists for it", () => {
  const report = only(
    timed(`INFO: task labd:52 blocked for more than 143 seconds.
      Not tainted 5.8.0 #1
labd            D28000    52      1 0x00000004
Call Trace:
 ? __schedule+0x937/0x1ff0
 ? rwsem_down_write_slowpath+0x603/0xc60

Showing all locks held in the system:
3 locks held by kworker/u4:7/338:
 #0: ffffffff8a576f30 (lab_rwsem){++++}-{3:3}, at: lab_cleanup+0x9b/0xa50
1 lock held by labd/52:
 #0: ffffffff8a576f30 (lab_rwsem){++++}-{3:3}, at: lab_register+0x1e/0x270
`),
  );
  assert.match(report.explanation, /Lockdep lists the locks that it holds or requests: `lab_rwsem`\./);
  assert.doesNotMatch(report.explanation, /does not (?:show|say) what it waits for/);
});

test("a wait for a page is not called a wait for I/O, and SRCU is not called RCU", () => {
  const hung = (...entries: readonly string[]): string =>
    only(
      timed(
        [
          "INFO: task labd:52 blocked for more than 143 seconds.",
          "Call Trace:",
          " __schedule+0x937/0x1ff0",
          " schedule+0xd0/0x2a0",
          ...entries,
          " lab_work+0x10/0x20",
        ].join("\n"),
      ),
    ).explanation;
  assert.match(
    hung(" io_schedule+0x1c/0x70", " __lock_page+0x1c/0x70"),
    /waits for a page \(its lock, or I\/O on it\)/,
  );
  assert.match(
    hung(" __wait_for_common+0x1/0x2", " __synchronize_srcu+0x1c/0x70", " synchronize_srcu+0x1c/0x70"),
    /waits for a grace period of SRCU/,
  );
});

test("a small address is certainly of a NULL pointer only if the instruction shows the pointer", () => {
  const { explanation } = only(
    timed(`BUG: kernel NULL pointer dereference, address: 0000000000000018
CPU: 1 PID: 12 Comm: labd Not tainted 6.1.0 #1
RIP: 0010:lab_read+0x20/0x40
RAX: 0000000000000000 RBX: 0000000000000000 RCX: 0000000000000000`),
  );
  assert.match(explanation, /^The kernel used an address near NULL: .* Usual cause: .* through a NULL pointer\.$/);
});

test("an unaligned access of a program is not called one of the kernel", () => {
  const { explanation } = only(
    timed("Alignment trap: labd (52) PC=0x00010524 Instr=0xe5912000 Address=0x00021031 FSR 0x001"),
  );
  assert.match(explanation, /^An access of a program was not aligned/);
});

test("a read-side critical section of RCU is named with its depth as the reason why a sleep is forbidden", () => {
  const { explanation } = only(
    timed(`BUG: sleeping function called from invalid context at mm/slab.h:494
in_atomic(): 0, irqs_disabled(): 0, non_block: 0, pid: 12, name: labd
preempt_count: 0, expected: 0
RCU nest depth: 1, expected: 0
CPU: 1 PID: 12 Comm: labd Not tainted 6.1.0 #1
Call Trace:
 lab_read+0x10/0x20`),
  );
  assert.match(explanation, /At this call it is within a read-side critical section of RCU \(depth 1\)\./);
});

test("memory with a held lock is freed only if the trace shows it, because the initialisation of a lock is checked, too", () => {
  const freed = (caller: string): string =>
    only(
      timed(`WARNING: held lock freed!
6.1.0 #1 Not tainted
-------------------------
labd/12 is freeing memory ffff888011aa0a00-ffff888011aa0aff, with a lock still held there!
ffff888011aa0a58 (&lab->lock){+.+.}-{3:3}, at: lab_open+0x44/0x90
stack backtrace:
CPU: 1 PID: 12 Comm: labd Not tainted 6.1.0 #1
Call Trace:
 dump_stack_lvl+0x1/0x2
 debug_check_no_locks_freed+0x1/0x2
 ${caller}+0x1/0x2
 lab_close+0x10/0x20`),
    ).explanation;
  assert.match(freed("kmem_cache_free"), /^Memory was freed \(/);
  assert.match(freed("__mutex_init"), /^Memory was freed or initialised \(/);
});

test("an assertion of KCSAN is not counted as an access", () => {
  const { explanation } = only(
    timed(`BUG: KCSAN: assert: race in lab_read / lab_write

assert no writes to 0xffff888011aa0a58 of 8 bytes by task 12 on cpu 0:
 lab_read+0x10/0x20

write to 0xffff888011aa0a58 of 8 bytes by task 13 on cpu 1:
 lab_write+0x10/0x20

Reported by Kernel Concurrency Sanitizer on:
CPU: 1 PID: 13 Comm: labd Not tainted 6.1.0 #1`),
  );
  assert.match(explanation, /^Code asserted that no other code writes some memory .* It is: write to 0x/);
  assert.doesNotMatch(explanation, /Two accesses/);
});

test("a line about a list within another CPU's call trace does not end the report of that trace", () => {
  const all = timed(`BUG: KASAN: stack-out-of-bounds in lab_check+0x50/0x60
Read of size 4 at addr ffff8880a9eb8cbc by task labd/12
CPU: 1 PID: 12 Comm: labd Not tainted 4.20.0 #2
Call Trace:
 dump_stack+0x1db/0x2d0
 lab_check+0x50/0x60
list_add corruption. next->prev should be prev (ffff8880ae72d8d8), but was ffff8880a9eb8600. (next=ffff8880a9eb84f0).
 lab_read+0x71/0xa0
 lab_ioctl+0x10/0x20
------------[ cut here ]------------
kernel BUG at lib/list_debug.c:23!`);
  assert.deepEqual(
    all.map(({ kind, start, end }) => [kind, start, end]),
    [
      ["kasan", 0, 9],
      ["list-corruption", 6, 7],
      ["list-corruption", 9, 11],
    ],
  );
});

test("a CPU that stops because of a panic, or prints after it, is not the task of the panic", () => {
  const panic = (...after: readonly string[]): string | undefined =>
    row(
      timed(
        [
          "Unhandled fault: page domain fault (0x01b) at 0x00000008",
          "Internal error: : 1b [#1] PREEMPT SMP ARM",
          "CPU: 0 PID: 52 Comm: labd Not tainted 5.10.2 #10",
          "PC is at lab_read+0xa8/0x240",
          "---[ end trace 1e8bf21d99144682 ]---",
          "Kernel panic - not syncing: Fatal exception",
          ...after,
        ].join("\n"),
      ).at(-1)!,
      "Task",
    );
  assert.equal(
    panic("CPU1: stopping", "CPU: 1 PID: 0 Comm: swapper/1 Tainted: G      D           5.10.2 #10"),
    undefined,
  );
  assert.equal(panic("CPU: 1 PID: 77 Comm: other Tainted: G      D           5.10.2 #10"), undefined);
  assert.equal(panic("CPU: 0 PID: 52 Comm: labd Tainted: G      D           5.10.2 #10"), "labd, PID 52, CPU 0");
});

test("the code of a 32-bit x86 report is disassembled, and shows the NULL pointer", () => {
  const report = only(
    timed(`BUG: unable to handle kernel NULL pointer dereference at 00000008
IP: [<f83f9f24>] lab_detect+0x54/0x140 [lab]
Oops: 0000 [#1] SMP
CPU: 0 PID: 222 Comm: labd Not tainted 4.0.3-201.fc21.i686+PAE #1
EIP: 0060:[<f83f9f24>] EFLAGS: 00010246 CPU: 0
EIP is at lab_detect+0x54/0x140 [lab]
EAX: f6884240 EBX: f339dc00 ECX: 00000000 EDX: 00000000
Call Trace:
 [<f833bb78>] lab_probe+0x2d8/0x4b0 [lab]
Code: 83 7d f0 01 74 35 8b 50 10 8b 8f 70 1c 00 00 <8b> 59 08 b8 8c e2 d1 c0 74 0c 89 f8`),
  );
  assert.equal(row(report, "Instruction"), "mov 0x8(%ecx),%ebx; EBX = 0xf339dc00, ECX = 0x0");
  assert.match(report.explanation, /^The kernel used a NULL pointer, in register ecx: it read from 0x8/);
});

test("KASAN's memory state, which another CPU prints, is not part of a report without KASAN", () => {
  const [allocation] = timed(`labd: page allocation failure: order:0, mode:0x24000c2
CPU: 1 PID: 12 Comm: labd Not tainted 4.4.114 #249
Call Trace:
 [<ffffffff81400659>] warn_alloc_failed+0x1c9/0x240
Mem-Info:
308734 pages reserved
 ffff8801ca657c00: f2 f2 f2 00 00 00 00 00 f2 f2 f2 f3 f3 f3 f3 00
>ffff8801ca657d00: f1 f1 f1 f1 00 00 f2 f2 f2 f2 f2 f2 00 00 00 00
                                        ^`);
  assert.equal(allocation?.end, 6);
});

const FAULT = (code: string, registers: string): string => `general protection fault: 0000 [#1] SMP KASAN
CPU: 0 PID: 12 Comm: labd Not tainted 4.15.0-rc1 #204
RIP: 0010:lab_check+0x55/0x470
RSP: 0018:ffff8801cb5474a8 EFLAGS: 00010002
${registers}
Call Trace:
 lab_call+0x1d5/0x580
 entry_SYSCALL_64_fastpath+0x1f/0x96
RIP: 0033:0x444dd9
RSP: 002b:00007fff82dc6d68 EFLAGS: 00000246 ORIG_RAX: 0000000000000031
RAX: ffffffffffffffda RBX: 0000000000000000 RCX: 0000000000444dd9
Code: ${code}
RIP: lab_check+0x55/0x470 RSP: ffff8801cb5474a8`;

test("the kernel's code belongs to the kernel's instruction, although the registers of the program precede it", () => {
  const report = only(
    timed(
      FAULT("48 c1 ea 03 <80> 3c 02 00 0f 85", "RAX: dffffc0000000000 RBX: 0000000000000000 RDX: 0000000000000004"),
    ),
  );
  assert.equal(row(report, "Instruction"), "cmpb $0x0,(%rdx,%rax,1); RAX = 0xdffffc0000000000, RDX = 0x4");
  assert.match(report.explanation, /^KASAN's check of an address near NULL \(between 0x20 and 7 bytes further\)/);
});

test("a shadow address of KASAN is explained by the address that was checked, wherever it is", () => {
  const { explanation } = only(
    timed(
      FAULT("48 c1 ea 03 <80> 3c 02 00 0f 85", "RAX: dffffc0000000000 RBX: 0000000000000000 RDX: 1bd5a9d5a0000003"),
    ),
  );
  assert.match(explanation, /^KASAN's check of an address between 0xdead4ead00000018 and 7 bytes further/);
});

test("code that could not be fetched is not the faulting instruction", () => {
  const report = only(
    timed(`BUG: unable to handle kernel paging request at ffff880214d12c00
Oops: 0011 [#1] SMP
CPU: 0 PID: 12 Comm: labd Not tainted 4.15.0 #204
RIP: 0010:0xffff880214d12c00
RSP: 0018:ffff8801cb5474a8 EFLAGS: 00010002
Call Trace:
 ? lab_call+0x1d5/0x580
Code: 00 00 00 00 <00> 00 00 00`),
  );
  assert.equal(row(report, "Instruction"), undefined);
});

test("the fault of another task is not the cause of the end of init", () => {
  const cause = (pid: number): string | undefined =>
    row(
      timed(`BUG: unable to handle page fault for address: ffff8801d386d964
CPU: 0 PID: ${String(pid)} Comm: labd Not tainted 6.1.0 #1
RIP: 0010:lab_check+0x55/0x470
---[ end trace 1e8bf21d99144682 ]---
Kernel panic - not syncing: Attempted to kill init! exitcode=0x00000009
CPU: 0 PID: 1 Comm: init Tainted: G      D            6.1.0 #1`).at(-1)!,
      "Cause",
    );
  assert.match(cause(1) ?? "", /^BUG: unable to handle page fault .* in lab_check\+0x55 \(labd, PID 1\)$/);
  assert.equal(cause(52), undefined);
});
