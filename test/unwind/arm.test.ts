import assert from "node:assert/strict";
import { test } from "node:test";
import { arm } from "../../src/arch/arm/arm.ts";
import type { Stack } from "../../src/unwind/frame.ts";
import { savedCursor } from "../../src/unwind/start.ts";
import { unwind } from "../../src/unwind/unwind.ts";
import type { ToyKernel } from "../builders/kernel.ts";
import { cfiRow, putWords, stackKernel } from "../builders/stack.ts";

const TEXT = 0xc0300000n;
const TASK = 0xc1000000n;
const STACK = 0xd0820000n;
const IRQ_STACK = 0xd0900000n;
/** `task_pt_regs()` of a stack of 8 KiB; 18 registers. */
const LAST_REGS = STACK + 0x2000n - 8n - 72n;
const SVC = 0x13n;
const USR = 0x10n;

const types = `
  struct pt_regs { unsigned long uregs[18]; };
  union thread_union { unsigned char stack[8192]; };
  struct task_struct { void *stack; };
`;
const functions = {
  call_with_stack: { address: TEXT },
  __irq_svc: { address: TEXT + 0x100n },
  __entry_text_start: { address: TEXT + 0x200n },
  ret_from_fork: { address: TEXT + 0x300n },
  start_kernel: { address: TEXT + 0x400n },
  ret_fast_syscall: { address: TEXT + 0x500n },
  panic: { address: TEXT + 0x800n, cfi: cfiRow(16, { lr: { kind: "offset", offset: -4 } }, arm) },
  __put_user_1: { address: TEXT + 0x700n },
  sys_pause: { address: TEXT + 0x600n, cfi: cfiRow(16, { lr: { kind: "offset", offset: -4 } }, arm) },
};

function kernelWith(cpsr: bigint, pc: bigint): ToyKernel {
  const kernel = stackKernel(functions, { arch: arm, types });
  kernel.put("struct task_struct", TASK, { stack: STACK });
  putWords(kernel, LAST_REGS, ...new Array<bigint>(18).fill(0n));
  kernel.put("unsigned long", LAST_REGS + 15n * 4n, pc);
  kernel.put("unsigned long", LAST_REGS + 16n * 4n, cpsr);
  return kernel;
}

const from = (kernel: ToyKernel, registers: { readonly [name: string]: bigint }): Stack =>
  unwind(kernel, savedCursor(kernel, new Map(Object.entries({ cpsr: SVC, ...registers }))), {
    task: kernel.object("struct task_struct", TASK),
  });

test("an interrupt is unwound from its stack to the interrupted function, and on to user space", () => {
  const kernel = kernelWith(USR, 0x10000n);
  const switched = STACK + 0x1000n;
  putWords(kernel, switched, 0n, TEXT + 0x120n); // {fp, lr} of call_with_stack
  const registers = new Array<bigint>(18).fill(0n);
  registers[13] = LAST_REGS - 8n;
  registers[15] = TEXT + 0x220n;
  registers[16] = SVC;
  putWords(kernel, switched + 8n, ...registers);
  const stack = from(kernel, { pc: TEXT + 0x20n, sp: IRQ_STACK, fp: switched });
  assert.deepEqual(
    stack.frames.map(({ symbol }) => symbol?.name),
    ["call_with_stack", "__irq_svc", "__entry_text_start"],
  );
  assert.equal(stack.frames[2]!.trap?.type, "interrupt");
  assert.equal(stack.userTrap?.type, "system call");
  assert.equal(stack.userTrap.registers.get("pc"), 0x10000n);
});

test("a leaf of assembly code without unwind information is left by its link register where it was interrupted", () => {
  const kernel = kernelWith(USR, 0x10000n);
  const frame = STACK + 0x1000n;
  const registers = new Array<bigint>(18).fill(0n);
  [registers[13], registers[14], registers[15], registers[16]] = [frame + 0x100n, TEXT + 0x620n, TEXT + 0x700n, SVC];
  putWords(kernel, frame, ...registers);
  putWords(kernel, frame + 0x100n, 0n, 0n, 0n, TEXT + 0x320n);
  const stack = from(kernel, { pc: TEXT + 0x120n, sp: frame });
  assert.deepEqual(
    stack.frames.slice(0, 3).map(({ symbol }) => symbol?.name),
    ["__irq_svc", "__put_user_1", "sys_pause"],
  );
});

test("what a function that does not return changed without saving it is unknown in its caller", () => {
  const kernel = kernelWith(SVC, 0n);
  const sp = LAST_REGS - 16n;
  putWords(kernel, sp, 0n, 0n, 0n, TEXT + 0x320n);
  putWords(kernel, TEXT + 0x800n, 0xe30c42e8n); // movw r4, #0xc2e8
  const { frames } = from(kernel, { pc: TEXT + 0x820n, sp, r4: 1n, r5: 2n });
  const caller = frames[1]?.registers;
  assert.deepEqual([frames[1]?.symbol?.name, caller?.get("r4"), caller?.get("r5")], ["ret_from_fork", undefined, 2n]);
});

test("a kernel thread ends where it was forked", () => {
  const stack = from(kernelWith(SVC, 0n), { pc: TEXT + 0x320n, sp: LAST_REGS });
  assert.deepEqual(stack.frames.length, 1);
  assert.equal(stack.fault, undefined);
  assert.equal(stack.userTrap, undefined);
});

test("the boot CPU's idle task ends at start_kernel", () => {
  const stack = from(kernelWith(SVC, 0n), { pc: TEXT + 0x420n, sp: STACK + 0x1f00n });
  assert.equal(stack.frames.length, 1);
  assert.equal(stack.fault, undefined);
});

test("a system call returns to the first instruction of ret_fast_syscall, which has no call before it", () => {
  const kernel = kernelWith(USR, 0x10000n);
  const sp = LAST_REGS - 8n - 16n;
  putWords(kernel, sp, 0n, 0n, 0n, TEXT + 0x500n);
  const stack = from(kernel, { pc: TEXT + 0x610n, sp });
  assert.deepEqual(
    stack.frames.map(({ symbol }) => symbol?.name),
    ["sys_pause", "ret_fast_syscall"],
  );
  assert.equal(stack.userTrap?.type, "system call");
});
