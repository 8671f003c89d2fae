import assert from "node:assert/strict";
import { test } from "node:test";
import { s390x } from "../../src/arch/s390x/s390x.ts";
import type { Stack } from "../../src/unwind/frame.ts";
import { savedCursor, switchedOut } from "../../src/unwind/start.ts";
import { unwind } from "../../src/unwind/unwind.ts";
import { cfiRow, stackKernel } from "../builders/stack.ts";

// Real kernels of s390x lie lower, in an address space of their own: the toy's memory takes low addresses for user space.
const TEXT = 0xffff900000000000n;
const TASK = 0x10000n;
const STACK = 0x37ffe700000n;
const FRAME = 160n;

const types = `
  struct stack_frame { unsigned long empty[9]; unsigned long gprs[10]; unsigned long back_chain; };
  struct psw_t { unsigned long mask; unsigned long addr; };
  struct pt_regs { struct psw_t psw; unsigned long gprs[16]; };
  union thread_union { unsigned char stack[16384]; };
  struct thread_struct { unsigned long ksp; };
  struct task_struct { void *stack; struct thread_struct thread; };
`;
const functions = {
  schedule: { address: TEXT },
  vfs_read: { address: TEXT + 0x100n },
  system_call: { address: TEXT + 0x200n },
};

/** Two frames below the last one, which `struct pt_regs` follows. */
function kernelWith(psw: { mask: bigint; addr: bigint }, code: Parameters<typeof stackKernel>[0] = functions) {
  const kernel = stackKernel(code, { arch: s390x, types });
  const frame = (address: bigint, back_chain: bigint, returnTo: bigint): void => {
    kernel.put("struct stack_frame", address, { back_chain });
    kernel.put("unsigned long", address + 72n + 8n * 8n, returnTo);
  };
  frame(STACK + 0x1000n, STACK + 0x1100n, TEXT + 0x20n);
  frame(STACK + 0x1100n, STACK + 0x1200n, TEXT + 0x120n);
  frame(STACK + 0x1200n, 0n, TEXT + 0x220n);
  kernel.put("struct pt_regs", STACK + 0x1200n + FRAME, { psw });
  kernel.put("struct task_struct", TASK, { stack: STACK, thread: { ksp: STACK + 0x1000n } });
  return kernel;
}

function asleep(kernel: ReturnType<typeof kernelWith>): Stack {
  const task = kernel.object("struct task_struct", TASK);
  return unwind(kernel, switchedOut(kernel, task), { task });
}

const names = ({ frames }: Stack): (string | undefined)[] => frames.map(({ symbol }) => symbol?.name);

test("the back chain leads from the sleeping task's frame to the registers of user space", () => {
  const stack = asleep(kernelWith({ mask: 0x0705000180000000n, addr: 0x1000000n }));
  assert.deepEqual(names(stack), ["schedule", "vfs_read", "system_call"]);
  assert.equal(stack.fault, undefined);
  assert.equal(stack.userTrap?.type, "system call");
});

test("a kernel thread of an earlier kernel ends at a struct pt_regs that has only its function", () => {
  const stack = asleep(kernelWith({ mask: 0x0404c00180000000n, addr: TEXT + 0x200n }));
  assert.deepEqual(names(stack), ["schedule", "vfs_read", "system_call"]);
  assert.equal(stack.fault, undefined);
  assert.equal(stack.userTrap, undefined);
});

test("a kernel thread's chain ends at an empty struct pt_regs", () => {
  const stack = asleep(kernelWith({ mask: 0n, addr: 0n }));
  assert.deepEqual(names(stack), ["schedule", "vfs_read", "system_call"]);
  assert.equal(stack.fault, undefined);
  assert.equal(stack.userTrap, undefined);
});

test("if call frame information does not lead to code, the back chain is used", () => {
  const lost = cfiRow(0x8000, { r14: { kind: "offset", offset: -48 } }, s390x);
  const kernel = kernelWith({ mask: 0n, addr: 0n }, { ...functions, vfs_read: { ...functions.vfs_read, cfi: lost } });
  kernel.put("unsigned long", STACK + 0x1100n + 0x8000n - 48n, 0x42n);
  assert.deepEqual(names(asleep(kernel)), ["schedule", "vfs_read", "system_call"]);
});

test("a CPU's registers start at the frame that its stack pointer is at", () => {
  const kernel = kernelWith({ mask: 0n, addr: 0n });
  const start = savedCursor(kernel, new Map([["pswm", 0n], ["pswa", TEXT + 0x10n], ["r15", STACK + 0x1000n]])); // prettier-ignore
  assert.deepEqual(names(unwind(kernel, start)), ["schedule", "vfs_read", "system_call"]);
});
