import assert from "node:assert/strict";
import { test } from "node:test";
import { i386 } from "../../src/arch/i386/i386.ts";
import type { Stack } from "../../src/unwind/frame.ts";
import { savedCursor } from "../../src/unwind/start.ts";
import { unwind } from "../../src/unwind/unwind.ts";
import type { ToyKernel } from "../builders/kernel.ts";
import { putWords, stackKernel } from "../builders/stack.ts";

const TEXT = 0xc1001000n;
const TASK = 0xc2180000n;
const STACK = 0xc211e000n;
/** `task_pt_regs()`: 17 registers of 4 bytes, 8 bytes below the end (TOP_OF_KERNEL_STACK_PADDING). */
const REGS = STACK + 0x2000n - 8n - 68n;
const USER_CS = 0x73n;
const KERNEL_CS = 0x60n;

const names = "bx cx dx si di bp ax ds es fs gs orig_ax ip cs flags sp ss";
const types = `
  struct pt_regs { unsigned long ${names.replaceAll(" ", ", ")}; };
  union thread_union { unsigned char stack[8192]; };
  struct task_struct { void *stack; };
`;
const functions = {
  entry_SYSENTER_32: { address: TEXT },
  handle_exception: { address: TEXT + 0x100n },
  exc_page_fault: { address: TEXT + 0x200n },
  ret_from_fork: { address: TEXT + 0x300n },
  ksys_write: { address: TEXT + 0x400n },
  panic: { address: TEXT + 0x500n },
};

const offset = (name: string): bigint => BigInt(names.split(" ").indexOf(name) * 4);

function kernelWith(registers: { readonly [name: string]: bigint }): ToyKernel {
  const kernel = stackKernel(functions, { arch: i386, types });
  kernel.put("struct task_struct", TASK, { stack: STACK });
  putWords(kernel, STACK, ...new Array<bigint>(0x800).fill(0n));
  for (const start of Object.values(functions)) {
    for (let at = 0n; at < 0x100n; at += 4n) kernel.put("unsigned int", start.address + at, 0x90909090n);
    // push %ebp; mov %esp,%ebp
    kernel.put("unsigned int", start.address, 0x90e58955n);
  }
  put(kernel, REGS, registers);
  return kernel;
}

function put(kernel: ToyKernel, at: bigint, registers: { readonly [name: string]: bigint }): void {
  for (const [name, value] of Object.entries(registers)) putWords(kernel, at + offset(name), value);
}

const from = (kernel: ToyKernel, registers: { readonly [name: string]: bigint }): Stack =>
  unwind(kernel, savedCursor(kernel, new Map(Object.entries({ cs: KERNEL_CS, ...registers }))), {
    task: kernel.object("struct task_struct", TASK),
  });

const described = ({ frames, userTrap, fault }: Stack): string[] => [
  ...frames.map(
    ({ symbol, trap, doubt }) =>
      `${trap ? `(${trap.type}) ` : ""}${symbol?.name ?? "?"}${doubt === undefined ? "" : "?"}`,
  ),
  ...(userTrap ? [`${userTrap.type} from user mode at ${userTrap.registers.get("eip")?.toString(16) ?? ""}`] : []),
  ...(fault ? [fault.message] : []),
];

test("a system call is followed by frame pointers to the user's registers at the entry code's stack pointer", () => {
  const kernel = kernelWith({ ip: 0xb7fe5559n, cs: USER_CS });
  putWords(kernel, REGS - 8n, 0xbfa78570n, TEXT + 0x98n);
  const stack = from(kernel, { eip: TEXT + 0x420n, esp: REGS - 0x40n, ebp: REGS - 8n });
  assert.deepEqual(described(stack), ["ksys_write", "entry_SYSENTER_32", "system call from user mode at b7fe5559"]);
});

test("an exception in the kernel is unwound, also in a function that has not made its frame", () => {
  const kernel = kernelWith({ ip: 0xb7fe5559n, cs: USER_CS });
  putWords(kernel, REGS - 8n, 0xbfa78570n, TEXT + 0x98n);
  const inner = REGS - 0x200n;
  putWords(kernel, inner + 0x100n, TEXT + 0x420n);
  put(kernel, inner, { ip: TEXT + 0x500n, cs: KERNEL_CS, sp: inner + 0x100n, bp: REGS - 8n });
  putWords(kernel, inner - 8n, inner - 0x80000000n, TEXT + 0x150n);
  const stack = from(kernel, { eip: TEXT + 0x220n, esp: inner - 0x20n, ebp: inner - 8n });
  assert.deepEqual(described(stack), [
    "exc_page_fault",
    "handle_exception",
    "(page fault) panic",
    "ksys_write",
    "entry_SYSENTER_32",
    "system call from user mode at b7fe5559",
  ]);
});

test("a kernel thread ends at its empty registers", () => {
  const kernel = kernelWith({});
  putWords(kernel, REGS - 8n, REGS - 0x80000000n, TEXT + 0x320n);
  const stack = from(kernel, { eip: TEXT + 0x520n, esp: REGS - 0x40n, ebp: REGS - 8n });
  assert.deepEqual(described(stack), ["panic", "ret_from_fork"]);
});
