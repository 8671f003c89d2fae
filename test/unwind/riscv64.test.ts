import assert from "node:assert/strict";
import { test } from "node:test";
import { riscv64 } from "../../src/arch/riscv64/riscv64.ts";
import type { Stack } from "../../src/unwind/frame.ts";
import { savedCursor, switchedOut } from "../../src/unwind/start.ts";
import { unwind } from "../../src/unwind/unwind.ts";
import type { ToyKernel } from "../builders/kernel.ts";
import { putWords, stackKernel } from "../builders/stack.ts";

const TEXT = 0xffffffff80001000n;
const TASK = 0xffffaf8002690000n;
const STACK = 0xffffaf8000010000n;
const REGS = STACK + 0x3ee0n;
const USER = 0x20n;
const KERNEL = 0x120n;

const names =
  "epc ra sp gp tp t0 t1 t2 s0 s1 a0 a1 a2 a3 a4 a5 a6 a7 s2 s3 s4 s5 s6 s7 s8 s9 s10 s11 t3 t4 t5 t6 " +
  "status badaddr cause orig_a0";
const types = `
  struct pt_regs { unsigned long ${names.replaceAll(" ", ", ")}; };
  union thread_union { unsigned char stack[16384]; };
  struct thread_struct { unsigned long ra; unsigned long sp; unsigned long s[12]; };
  struct task_struct { void *stack; struct thread_struct thread; };
`;
const functions = {
  start_kernel: { address: TEXT },
  handle_exception: { address: TEXT + 0x100n },
  ret_from_exception: { address: TEXT + 0x200n },
  do_trap_ecall_u: { address: TEXT + 0x300n },
  do_irq: { address: TEXT + 0x400n },
  sys_pause: { address: TEXT + 0x500n },
  leaf: { address: TEXT + 0x600n },
  ret_from_fork: { address: TEXT + 0x700n },
  kthread: { address: TEXT + 0x800n },
};

const offset = (name: string): bigint => BigInt(names.split(" ").indexOf(name) * 8);

function kernelWith(registers: { readonly [name: string]: bigint }, at = REGS): ToyKernel {
  const kernel = stackKernel(functions, { arch: riscv64, types });
  kernel.put("struct task_struct", TASK, { stack: STACK });
  putWords(kernel, STACK, ...new Array<bigint>(0x800).fill(0n));
  for (const [name, value] of Object.entries(registers)) putWords(kernel, at + offset(name), value);
  return kernel;
}

const from = (kernel: ToyKernel, registers: { readonly [name: string]: bigint }): Stack =>
  unwind(kernel, savedCursor(kernel, new Map(Object.entries(registers))), {
    task: kernel.object("struct task_struct", TASK),
  });

const described = ({ frames, userTrap, fault }: Stack): string[] => [
  ...frames.map(({ symbol, trap }) => `${trap ? `(${trap.type}) ` : ""}${symbol?.name ?? "?"}`),
  ...(userTrap ? [`${userTrap.type} from user mode at ${userTrap.registers.get("pc")?.toString(16) ?? ""}`] : []),
  ...(fault ? [fault.message] : []),
];

/** A frame record, `{fp, ra}` below `fp`. */
const putRecord = (kernel: ToyKernel, fp: bigint, outer: bigint, ra: bigint): void =>
  void putWords(kernel, fp - 16n, outer, ra);

test("a system call is followed by frame records to the user's registers", () => {
  const kernel = kernelWith({ epc: 0xb5926n, status: USER });
  putRecord(kernel, REGS - 0x40n, REGS, TEXT + 0x320n);
  putRecord(kernel, REGS, 0n, TEXT + 0x14an);
  const stack = from(kernel, { pc: TEXT + 0x520n, sp: REGS - 0x80n, s0: REGS - 0x40n, ra: TEXT + 0x528n });
  assert.deepEqual(described(stack), [
    "sys_pause",
    "do_trap_ecall_u",
    "handle_exception",
    "system call from user mode at b5926",
  ]);
});

test("an interrupted function without a record of its own has its caller in ra", () => {
  const inner = REGS - 0x400n;
  const kernel = kernelWith({ epc: 0xb5926n, status: USER });
  // The leaf has saved only the frame pointer, where others save the return address.
  putWords(kernel, inner + 0x200n - 8n, REGS - 0x40n);
  putRecord(kernel, REGS - 0x40n, REGS, TEXT + 0x320n);
  putRecord(kernel, REGS, 0n, TEXT + 0x14an);
  for (const [name, value] of Object.entries({
    epc: TEXT + 0x620n,
    ra: TEXT + 0x520n,
    sp: inner + 0x180n,
    s0: inner + 0x200n,
    status: KERNEL,
  }))
    putWords(kernel, inner + offset(name), value);
  putRecord(kernel, inner, 0n, TEXT + 0x14an);
  const stack = from(kernel, { pc: TEXT + 0x410n, sp: inner - 0x40n, s0: inner, ra: TEXT + 0x418n });
  assert.deepEqual(described(stack), [
    "do_irq",
    "handle_exception",
    "(interrupt) leaf",
    "sys_pause",
    "do_trap_ecall_u",
    "handle_exception",
    "system call from user mode at b5926",
  ]);
});

/** A leaf that an interrupt stopped: its record, if it has one, is at REGS - 0x200. */
function interruptedLeaf(code: readonly number[], ra: bigint): Stack {
  const inner = REGS - 0x400n;
  const kernel = kernelWith({ epc: 0xb5926n, status: USER });
  kernel.memory.poke(TEXT + 0x600n, Uint8Array.from([...code, ...new Array<number>(64).fill(0)].slice(0, 64)));
  putRecord(kernel, REGS - 0x200n, REGS - 0x40n, TEXT + 0x520n);
  putRecord(kernel, REGS - 0x40n, REGS, TEXT + 0x320n);
  putRecord(kernel, REGS, 0n, TEXT + 0x14an);
  const saved = { epc: TEXT + 0x608n, ra, sp: inner + 0x180n, s0: REGS - 0x200n, status: KERNEL };
  for (const [name, value] of Object.entries(saved)) putWords(kernel, inner + offset(name), value);
  putRecord(kernel, inner, 0n, TEXT + 0x14an);
  return from(kernel, { pc: TEXT + 0x410n, sp: inner - 0x40n, s0: inner, ra: TEXT + 0x418n });
}

test("an interrupted function that has set its frame pointer has its caller in its record, without doubt", () => {
  // addi sp,sp,-16; sd ra,8(sp); sd s0,0(sp); addi s0,sp,16
  const stack = interruptedLeaf([0x41, 0x11, 0x06, 0xe4, 0x22, 0xe0, 0x00, 0x08], TEXT + 0x830n);
  assert.deepEqual(described(stack).slice(2, 5), ["(interrupt) leaf", "sys_pause", "do_trap_ecall_u"]);
  assert.deepEqual(
    stack.frames.slice(2, 5).map(({ doubt }) => doubt),
    [undefined, undefined, undefined],
  );
});

test("an interrupted function that never sets its frame pointer has its caller in ra, and no record of its own", () => {
  // Assembly: mv a0,a1, four times. The record is that of kthread, which called it.
  const stack = interruptedLeaf([0x2e, 0x85, 0x2e, 0x85, 0x2e, 0x85, 0x2e, 0x85], TEXT + 0x830n);
  assert.deepEqual(described(stack).slice(2, 6), ["(interrupt) leaf", "kthread", "sys_pause", "do_trap_ecall_u"]);
  assert.deepEqual(
    stack.frames.slice(2, 5).map(({ doubt }) => doubt),
    [undefined, undefined, undefined],
  );
});

test("an interrupted function that has restored its frame pointer may have no record", () => {
  // addi s0,sp,16; ld s0,0(sp); nop; nop
  const stack = interruptedLeaf([0x00, 0x08, 0x02, 0x64, 0x01, 0x00, 0x01, 0x00], TEXT + 0x830n);
  assert.equal(stack.frames.find(({ symbol }) => symbol?.name === "sys_pause")?.doubt, "frame record");
});

test("a kernel thread returns to the first instruction of ret_from_exception, and ends there", () => {
  const kernel = kernelWith({ status: KERNEL });
  putRecord(kernel, REGS, TEXT + 0x800n, TEXT + 0x200n);
  const stack = from(kernel, { pc: TEXT + 0x820n, sp: REGS - 0x40n, s0: REGS });
  assert.deepEqual(described(stack), ["kthread", "ret_from_exception"]);
});

test("a new task has the user's registers at its stack pointer", () => {
  const kernel = kernelWith({ epc: 0xb5926n, status: USER });
  kernel.put("struct task_struct", TASK, { stack: STACK, thread: { ra: TEXT + 0x700n, sp: REGS } });
  const task = kernel.object("struct task_struct", TASK);
  assert.deepEqual(described(unwind(kernel, switchedOut(kernel, task), { task })), [
    "ret_from_fork",
    "system call from user mode at b5926",
  ]);
});

test("an idle task ends at the first function of its CPU", () => {
  const kernel = kernelWith({});
  putRecord(kernel, REGS - 0x40n, 0n, TEXT + 0x20n);
  const stack = from(kernel, { pc: TEXT + 0x520n, sp: REGS - 0x80n, s0: REGS - 0x40n });
  assert.deepEqual(described(stack), ["sys_pause", "start_kernel"]);
});

test("a frame pointer below the stack pointer is not followed", () => {
  const kernel = kernelWith({});
  const stack = from(kernel, { pc: TEXT + 0x520n, sp: REGS, s0: REGS - 0x40n });
  assert.match(described(stack).at(-1) ?? "", /cannot be followed/);
});
