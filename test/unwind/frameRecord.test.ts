import assert from "node:assert/strict";
import { test } from "node:test";
import { arm64 } from "../../src/arch/arm64/arm64.ts";
import type { Stack } from "../../src/unwind/frame.ts";
import { savedCursor } from "../../src/unwind/start.ts";
import { unwind } from "../../src/unwind/unwind.ts";
import type { ToyKernel } from "../builders/kernel.ts";
import { arm64Regs, putWords, stackKernel, TASK, TASK_STACK } from "../builders/stack.ts";

const TEXT = 0xffff800080000000n;
const SP = TASK_STACK + 0x1000n;
/** EL1h, as PSTATE has it. */
const KERNEL = 5n;

const functions = {
  leaf: { address: TEXT },
  caller: { address: TEXT + 0x100n },
  el1h_64_irq: { address: TEXT + 0x200n },
  thread: { address: TEXT + 0x300n },
  ret_from_fork: { address: TEXT + 0x400n },
  el0t_64_sync: { address: TEXT + 0x500n },
  vectors: { address: TEXT + 0x600n },
  __bad_stack: { address: TEXT + 0x700n },
};

const STP_PRE = 0xa9bd7bfd; // stp x29, x30, [sp, #-48]!
const MOV_FP = 0x910003fd; // mov x29, sp
const SUB_SP = 0xd10203ff; // sub sp, sp, #128
const STP_AT_64 = 0xa9047bfd; // stp x29, x30, [sp, #64]
const ADD_FP_64 = 0x910103fd; // add x29, sp, #64
const LDP_POST = 0xa8c37bfd; // ldp x29, x30, [sp], #48
const RET = 0xd65f03c0;
const NOP = 0xd503201f;

function kernelWith(types: string): ToyKernel {
  return stackKernel(functions, { arch: arm64, types });
}

function putCode(kernel: ToyKernel, address: bigint, ...instructions: number[]): void {
  instructions.forEach((instruction, i) => kernel.put("unsigned int", address + BigInt(i * 4), instruction));
}

const from = (kernel: ToyKernel, registers: { readonly [name: string]: bigint }): Stack =>
  unwind(kernel, savedCursor(kernel, new Map(Object.entries({ pstate: KERNEL, ...registers }))), {
    task: kernel.object("struct task_struct", TASK),
  });

const names = (stack: Stack): (string | undefined)[] => stack.frames.map(({ symbol }) => symbol?.name);

/** A thread's stack: caller's record, then thread's, then the last one, inside of an empty pt_regs. */
function putThread(kernel: ToyKernel): void {
  kernel.put("struct pt_regs", SP + 0x200n, { pstate: KERNEL });
  const last = SP + 0x200n + kernel.object("struct pt_regs", 0n).at("stackframe").address;
  putWords(kernel, SP + 0x40n, SP + 0x100n, TEXT + 0x340n);
  putWords(kernel, SP + 0x100n, last, TEXT + 0x440n);
  putCode(kernel, TEXT + 0x100n, STP_PRE, MOV_FP, ...new Array<number>(20).fill(NOP));
  putCode(kernel, TEXT + 0x300n, SUB_SP, STP_AT_64, ADD_FP_64, ...new Array<number>(20).fill(NOP));
  putCode(kernel, TEXT + 0x400n, ...new Array<number>(20).fill(NOP));
}

for (const [version, types] of Object.entries(arm64Regs)) {
  test(`frame records lead to the start of a kernel thread (pt_regs ${version})`, () => {
    const kernel = kernelWith(types);
    putThread(kernel);
    if (version === "meta") kernel.put("struct pt_regs", SP + 0x200n, { pstate: KERNEL, stackframe: { type: 1n } });
    const stack = from(kernel, { pc: TEXT + 0x140n, sp: SP + 0x40n, x29: SP + 0x40n, x30: 1n });
    assert.deepEqual(names(stack), ["caller", "thread", "ret_from_fork"]);
    assert.equal(stack.fault, undefined);
    assert.equal(stack.userTrap, undefined);
  });
}

test("the distance of the record from the frame's end, and so the caller's sp, is read from the prologue", () => {
  const kernel = kernelWith(arm64Regs.plain);
  putThread(kernel);
  const stack = from(kernel, { pc: TEXT + 0x140n, sp: SP + 0x40n, x29: SP + 0x40n, x30: 1n });
  assert.deepEqual(
    stack.frames.map(({ sp }) => sp),
    [SP + 0x40n, SP + 0x40n + 48n, SP + 0x100n - 64n + 128n],
  );
});

for (const [where, pc, code] of [
  ["a function that makes no frame", TEXT + 0x10n, [NOP, NOP, NOP, NOP, NOP]],
  ["a function before it has made its frame", TEXT + 0x4n, [STP_PRE, MOV_FP]],
  ["a function that has taken its frame down", TEXT + 0xcn, [STP_PRE, MOV_FP, LDP_POST, RET]],
] as const) {
  test(`the caller of ${where} is in the link register`, () => {
    const kernel = kernelWith(arm64Regs.plain);
    putThread(kernel);
    putCode(kernel, TEXT, ...code);
    const stack = from(kernel, { pc, sp: SP, x29: SP + 0x40n, x30: TEXT + 0x144n });
    assert.deepEqual(names(stack), ["leaf", "caller", "thread", "ret_from_fork"]);
  });
}

test("instructions after a return in the middle of a function belong to its body", () => {
  const kernel = kernelWith(arm64Regs.plain);
  putThread(kernel);
  putCode(kernel, TEXT, STP_PRE, MOV_FP, LDP_POST, RET, NOP, NOP);
  putWords(kernel, SP, SP + 0x40n, TEXT + 0x144n);
  const stack = from(kernel, { pc: TEXT + 0x10n, sp: SP, x29: SP, x30: 1n });
  assert.deepEqual(names(stack), ["leaf", "caller", "thread", "ret_from_fork"]);
});

for (const [version, types] of Object.entries(arm64Regs)) {
  test(`an interrupt's registers are found by the record inside of them (pt_regs ${version})`, () => {
    const kernel = kernelWith(types);
    putThread(kernel);
    if (version === "meta") kernel.put("struct pt_regs", SP + 0x200n, { pstate: KERNEL, stackframe: { type: 1n } });
    const regs = SP - 0x400n;
    const stackframe = version === "meta" ? { type: 2n } : [SP + 0x40n, TEXT + 0x140n];
    kernel.put("struct pt_regs", regs, { pc: TEXT + 0x140n, sp: SP + 0x40n, pstate: KERNEL, stackframe });
    kernel.put("unsigned long", regs + 29n * 8n, SP + 0x40n);
    const record = regs + kernel.object("struct pt_regs", 0n).at("stackframe").address;
    const stack = from(kernel, { pc: TEXT + 0x220n, sp: regs, x29: record });
    assert.deepEqual(names(stack), ["el1h_64_irq", "caller", "thread", "ret_from_fork"]);
    assert.equal(stack.frames[1]!.trap?.type, "interrupt");
    assert.equal(stack.frames[1]!.trap.address, regs);
    assert.equal(stack.frames[1]!.exact, true);
  });
}

test("a system call from user space ends the stack with the user's registers", () => {
  const kernel = kernelWith(arm64Regs.plain);
  kernel.put("struct pt_regs", SP, { pc: 0x400000n, sp: 0x7fff0000n, pstate: 0n });
  const record = SP + kernel.object("struct pt_regs", 0n).at("stackframe").address;
  const stack = from(kernel, { pc: TEXT + 0x520n, sp: SP, x29: record });
  assert.deepEqual(names(stack), ["el0t_64_sync"]);
  assert.equal(stack.userTrap?.registers.get("pc"), 0x400000n);
});

test("a call of a NULL pointer shows who called", () => {
  const kernel = kernelWith(arm64Regs.plain);
  putThread(kernel);
  const stack = from(kernel, { pc: 0n, sp: SP + 0x40n, x29: SP + 0x40n, x30: TEXT + 0x144n });
  assert.deepEqual(names(stack), [undefined, "caller", "thread", "ret_from_fork"]);
});

/** What a CPU that an exception caught at its vector had been in: a function called by `caller`, of which nothing is known. */
function atVector(registers: { readonly [name: string]: bigint }, ...words: bigint[]): Stack {
  const kernel = kernelWith(arm64Regs.plain);
  putThread(kernel);
  putCode(kernel, TEXT + 0x600n, SUB_SP, SUB_SP, NOP, NOP, NOP);
  putWords(kernel, SP, ...words);
  return from(kernel, { pc: TEXT + 0x610n, sp: SP, ...registers });
}

const RETURN = TEXT + 0x144n;
const ALL = ["vectors", "caller", "thread", "ret_from_fork"];
const CALLER_SP = SP + 0x40n;

test("at an exception vector, a record at x29 with the return address of x30 is the interrupted function's own", () => {
  const stack = atVector({ x29: SP, x30: RETURN }, SP + 0x40n, RETURN);
  assert.deepEqual(names(stack), ALL);
  assert.equal(stack.frames[1]?.sp, CALLER_SP);
  assert.equal(stack.fault, undefined);
});

test("at an exception vector, a record that was only pushed does not displace the caller's frame", () => {
  const stack = atVector({ x29: SP + 0x40n, x30: RETURN }, SP + 0x40n, RETURN);
  assert.deepEqual(names(stack), ALL);
  assert.equal(stack.frames[1]?.sp, CALLER_SP);
});

test("a stack overflow leads through its entry code to the function that overflowed", () => {
  const kernel = kernelWith(arm64Regs.plain);
  putThread(kernel);
  const saved = SP - 0x400n;
  kernel.put("struct pt_regs", saved, { pc: TEXT + 0x140n, sp: CALLER_SP, pstate: KERNEL, stackframe: [SP + 0x40n, TEXT + 0x140n] }); // prettier-ignore
  kernel.put("unsigned long", saved + 29n * 8n, SP + 0x40n);
  const record = saved + kernel.object("struct pt_regs", 0n).at("stackframe").address;
  const stack = from(kernel, { pc: TEXT + 0x720n, sp: saved, x29: record });
  assert.deepEqual(names(stack), ["__bad_stack", "caller", "thread", "ret_from_fork"]);
  assert.equal(stack.frames[1]?.trap?.type, "stack overflow");
});

test("frame records alone are used if the link register is not a return address", () => {
  const kernel = kernelWith(arm64Regs.plain);
  putThread(kernel);
  putCode(kernel, TEXT + 0x600n, SUB_SP, SUB_SP, NOP, NOP, NOP);
  putWords(kernel, SP, SP + 0x40n, TEXT + 0x144n);
  const start = savedCursor(kernel, new Map(Object.entries({ pc: TEXT + 0x610n, sp: SP, x29: SP, pstate: KERNEL })));
  const task = kernel.object("struct task_struct", TASK);
  assert.deepEqual(names(unwind(kernel, start, { task, byRecords: true })), ALL);
});

test("callee-saved registers that a function saved are read from its frame, and others pass through it", () => {
  const kernel = kernelWith(arm64Regs.plain);
  putThread(kernel);
  const STP_X19_X20 = 0xa90153f3; // stp x19, x20, [sp, #16]
  const MOV_X19 = 0xaa0003f3; // mov x19, x0
  putCode(kernel, TEXT, STP_PRE, MOV_FP, STP_X19_X20, MOV_X19, ...new Array<number>(60).fill(NOP));
  putWords(kernel, SP, SP + 0x40n, RETURN, 0x1919n, 0x2020n);
  const { frames } = from(kernel, { pc: TEXT + 0x20n, sp: SP, x29: SP, x19: 1n, x20: 2n, x21: 3n });
  const caller = frames[1]?.registers;
  assert.deepEqual([caller?.get("x19"), caller?.get("x20"), caller?.get("x21")], [0x1919n, 0x2020n, 3n]);
});

/** Code of a module that the kernel's symbols do not name; `bl` at 0x40 calls 0x100. */
const MODULE = TEXT - 0x100000n;
const BL_0xC0 = 0x94000030; // bl pc + 0xc0
const BLR_X0 = 0xd63f0000;

function inModule(registers: { readonly [name: string]: bigint }, call: number, ...record: bigint[]): Stack {
  const kernel = kernelWith(arm64Regs.plain);
  putThread(kernel);
  putCode(kernel, MODULE + 0x40n, call, NOP);
  putWords(kernel, SP, ...record);
  return from(kernel, { sp: SP, ...registers });
}

const OUTER = ["caller", "thread", "ret_from_fork"];

test("in code without symbols, a direct call of it in front of x30 makes that its caller", () => {
  const stack = inModule({ pc: MODULE + 0x108n, x29: SP, x30: MODULE + 0x44n }, BL_0xC0, SP + 0x40n, RETURN);
  assert.deepEqual(names(stack), [undefined, undefined, ...OUTER]);
  assert.equal(stack.frames[1]?.pc, MODULE + 0x44n);
  assert.equal(stack.frames[1].doubt, undefined);
});

test("in code without symbols, a call of something else in front of x30 leaves the frame record, in doubt", () => {
  const stack = inModule({ pc: MODULE + 0x80n, x29: SP, x30: MODULE + 0x44n }, BL_0xC0, SP + 0x40n, RETURN);
  assert.deepEqual(names(stack), [undefined, ...OUTER]);
  assert.equal(stack.frames[1]?.doubt, "frame record");
});

test("for a call of a NULL pointer by code without symbols the place of the call is shown", () => {
  const stack = inModule({ pc: 0n, x29: SP, x30: MODULE + 0x44n }, BLR_X0, SP + 0x40n, RETURN);
  assert.deepEqual(names(stack), [undefined, undefined, ...OUTER]);
});
