import assert from "node:assert/strict";
import { test } from "node:test";
import { arm } from "../../src/arch/arm/arm.ts";
import { stackInterruptedAt } from "../../src/unwind/scan.ts";
import { savedCursor } from "../../src/unwind/start.ts";
import { unwind } from "../../src/unwind/unwind.ts";
import { runUnwindCode } from "../../src/unwind/unwindCode.ts";
import type { ToyKernel } from "../builders/kernel.ts";
import { putWords, stackKernel } from "../builders/stack.ts";

const TEXT = 0xc0300000n;
const INDEX = 0xc0f00000n;
const TABLE = 0xc0f10000n;
const TASK = 0xc1000000n;
const STACK = 0xd0820000n;
const LAST_REGS = STACK + 0x2000n - 8n - 72n;

const functions = {
  copy: { address: TEXT },
  filldir: { address: TEXT + 0x100n },
  ret_fast_syscall: { address: TEXT + 0x200n },
  __start_unwind_idx: { address: INDEX, size: 0 },
  __stop_unwind_idx: { address: INDEX + 24n, size: 0 },
};
const types = `
  struct pt_regs { unsigned long uregs[18]; };
  union thread_union { unsigned char stack[8192]; };
  struct task_struct { void *stack; };
`;

const prel31 = (to: bigint, at: bigint): bigint => BigInt.asUintN(31, to - at);

/** Three functions: code in the entry, code in the table, and no unwinding. */
function kernelWith(more: Parameters<typeof stackKernel>[0] = {}): ToyKernel {
  const kernel = stackKernel({ ...functions, ...more }, { arch: arm, types });
  kernel.put("struct task_struct", TASK, { stack: STACK });
  putWords(kernel, STACK, ...new Array<bigint>(0x800).fill(0n));
  // copy: pop {r4, lr}; filldir: vsp += 64, pop {r4, r5, lr}, finish; ret_fast_syscall: cannot unwind
  putWords(kernel, INDEX, prel31(TEXT, INDEX), 0x80a8b0b0n);
  putWords(kernel, INDEX + 8n, prel31(TEXT + 0x100n, INDEX + 8n), prel31(TABLE, INDEX + 12n));
  putWords(kernel, INDEX + 16n, prel31(TEXT + 0x200n, INDEX + 16n), 1n);
  putWords(kernel, TABLE, 0x81010fa9n, 0xb0b0b0b0n);
  return kernel;
}

/** The frames of both functions, from `sp` on. */
function putFrames(kernel: ToyKernel): bigint {
  const sp = LAST_REGS - 12n - 84n;
  putWords(kernel, sp, 0x44n, TEXT + 0x120n, ...new Array<bigint>(16).fill(0n), 0x444n, 0x555n, TEXT + 0x200n);
  putWords(kernel, LAST_REGS + 15n * 4n, 0x10000n, 0x10n);
  return sp;
}

test("functions without call frame information are unwound by the index, in entries and in its table", () => {
  const kernel = kernelWith();
  const sp = putFrames(kernel);
  const task = kernel.object("struct task_struct", TASK);
  const start = savedCursor(kernel, new Map(Object.entries({ pc: TEXT + 0x20n, sp, cpsr: 0x13n, lr: 0n, r4: 1n })));
  const { frames, fault, userTrap } = unwind(kernel, start, { task });
  assert.equal(fault, undefined);
  assert.deepEqual(frames.map(({ symbol, registers }) => [symbol?.name, registers.get("r4")]), [["copy", 1n], ["filldir", 0x44n], ["ret_fast_syscall", 0x444n]]); // prettier-ignore
  assert.equal(userTrap?.registers.get("pc"), 0x10000n);
});

test("at an exception vector the stack of the interrupted function is searched", () => {
  const vector = new Map(Object.entries({ pc: 0xffff0018n, lr: TEXT + 0x24n, sp: 0xc17aeac0n, cpsr: 0x192n }));
  const pc = arm.interruptedAt?.(vector);
  assert.equal(pc, TEXT + 0x20n);
  assert.equal(arm.interruptedAt?.(new Map([["pc", TEXT], ["lr", TEXT]])), undefined); // prettier-ignore
  const kernel = kernelWith();
  putFrames(kernel);
  const { frames, fault } = stackInterruptedAt(kernel, kernel.object("struct task_struct", TASK), pc ?? 0n);
  assert.equal(fault, undefined);
  assert.deepEqual(frames.map(({ symbol }) => symbol?.name), ["copy", "filldir", "ret_fast_syscall"]); // prettier-ignore
});

test("at an exception vector the stack of a panic is found, with the exception that led to it", () => {
  const more = {
    panic: { address: TEXT + 0x300n },
    __dabt_svc: { address: TEXT + 0x400n },
    __stop_unwind_idx: { address: INDEX + 40n, size: 0 },
  };
  const kernel = kernelWith(more);
  // panic: pop {r4, lr}; the entry code has no unwinding.
  putWords(kernel, INDEX + 24n, prel31(TEXT + 0x300n, INDEX + 24n), 0x80a8b0b0n);
  putWords(kernel, INDEX + 32n, prel31(TEXT + 0x400n, INDEX + 32n), 1n);
  const filldir = putFrames(kernel) + 8n;
  const regs = filldir - 72n;
  putWords(kernel, regs + 13n * 4n, filldir, 0n, TEXT + 0x120n, 0x13n);
  putWords(kernel, regs - 16n, 0x44n, TEXT + 0x320n, 0x44n, TEXT + 0x420n);
  const { frames, fault } = stackInterruptedAt(kernel, kernel.object("struct task_struct", TASK), TEXT + 0x20n);
  assert.equal(fault, undefined);
  assert.deepEqual(frames.map(({ symbol }) => symbol?.name), ["copy", "panic", "__dabt_svc", "filldir", "ret_fast_syscall"]); // prettier-ignore
});

const run = (code: readonly number[], registers: readonly (readonly [string, bigint])[] = []): string => {
  const all = new Map(registers);
  const sp = runUnwindCode(code, { sp: 0x1000n, registers: all, word: (at) => at });
  return `${sp?.toString(16) ?? "refused"} ${[...all].map(([name, value]) => `${name}=${value.toString(16)}`).join(" ")}`;
};

const instructions: readonly (readonly [string, readonly number[], string])[] = [
  ["adds and subtracts", [0x01, 0x40, 0xb0], "1004 fp=2000"],
  ["takes the stack pointer from a register", [0x9b, 0xb0], "2000 fp=2000"],
  ["pops r4 and pc by a mask", [0x88, 0x01, 0xb0], "1008 fp=2000 r4=1000 pc=1004"],
  ["pops r4 to r6 and lr", [0xaa, 0xb0], "1010 fp=2000 r4=1000 r5=1004 r6=1008 lr=100c"],
  ["pops r1", [0xb1, 0x02, 0xb0], "1004 fp=2000 r1=1000"],
  ["adds a large number", [0xb2, 0x81, 0x01, 0xb0], "1408 fp=2000"],
  ["counts floating-point registers", [0xd1, 0xb9, 0xc9, 0x80, 0xb0], "102c fp=2000"],
  ["refuses", [0x80, 0x00], "refused fp=2000"],
  ["takes no stack pointer from pc", [0x9f], "refused fp=2000"],
];
for (const [what, code, expected] of instructions)
  test(`unwind code ${what}`, () => assert.equal(run(code, [["fp", 0x2000n]]), expected));
