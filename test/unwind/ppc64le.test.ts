import assert from "node:assert/strict";
import { test } from "node:test";
import { ppc64le } from "../../src/arch/ppc64le/ppc64le.ts";
import type { Stack } from "../../src/unwind/frame.ts";
import { savedCursor, switchedOut } from "../../src/unwind/start.ts";
import { unwind } from "../../src/unwind/unwind.ts";
import type { ToyKernel } from "../builders/kernel.ts";
import { putWords, stackKernel } from "../builders/stack.ts";

const TEXT = 0xffffc00000001000n;
const TASK = 0xffffc00003818000n;
const STACK = 0xffffc00003820000n;
const ENTRY = STACK + 0x3e50n;
const MSR_PR = 0x4000n;
const REGS_MARKER = 0x53474552n;

const names = [
  ...Array.from({ length: 32 }, (_, index) => `gpr${index}`),
  ..."nip msr orig_gpr3 ctr link xer ccr softe trap dar dsisr result".split(" "),
];
const types = `
  struct pt_regs { unsigned long gpr[32]; unsigned long ${names.slice(32).join(", ")}; };
  union thread_union { unsigned char stack[16384]; };
  struct thread_struct { unsigned long ksp; };
  struct task_struct { void *stack; struct thread_struct thread; };
`;
const functions = {
  system_call_common: { address: TEXT },
  sys_pause: { address: TEXT + 0x100n },
  __switch_to: { address: TEXT + 0x200n },
  leaf: { address: TEXT + 0x300n },
  data_access_common: { address: TEXT + 0x400n },
  do_page_fault: { address: TEXT + 0x500n },
  start_kernel_thread: { address: TEXT + 0x600n },
};

function kernelWith(): ToyKernel {
  const kernel = stackKernel(functions, { arch: ppc64le, types });
  kernel.put("struct task_struct", TASK, { stack: STACK, thread: { ksp: STACK + 0x3000n } });
  putWords(kernel, STACK, ...new Array<bigint>(0x800).fill(0n));
  for (const { address } of Object.values(functions)) {
    for (let at = 0n; at < 0x100n; at += 4n) kernel.put("unsigned int", address + at, 0x60000000n);
    // mflr r0; std r0,16(r1); stdu r1,-32(r1)
    if (address !== functions.leaf.address) kernel.put("unsigned int", address + 8n, 0xf821ffe1n);
  }
  return kernel;
}

function putRegisters(
  kernel: ToyKernel,
  frame: bigint,
  marker: bigint,
  registers: Readonly<Record<string, bigint>>,
): void {
  const isOld = marker > 0xffffffffn;
  putWords(kernel, frame + (isOld ? 96n : 32n), marker);
  for (const [name, value] of Object.entries(registers))
    putWords(kernel, frame + (isOld ? 112n : 48n) + BigInt(names.indexOf(name) * 8), value);
}

const putFrame = (kernel: ToyKernel, sp: bigint, outer: bigint, returns: bigint): void => {
  putWords(kernel, sp, outer);
  putWords(kernel, outer + 16n, returns);
};

const described = ({ frames, userTrap, fault }: Stack): string[] => [
  ...frames.map(({ symbol, trap }) => `${trap ? `(${trap.type}) ` : ""}${symbol?.name ?? "?"}`),
  ...(userTrap ? [`${userTrap.type} from user mode at ${userTrap.registers.get("nip")?.toString(16) ?? ""}`] : []),
  ...(fault ? [fault.message] : []),
];

const task = (kernel: ToyKernel) => kernel.object("struct task_struct", TASK);

for (const marker of [REGS_MARKER, 0x7265677368657265n]) {
  test(`a sleeping task is followed to the user's registers at the marker ${marker.toString(16)}`, () => {
    const kernel = kernelWith();
    putFrame(kernel, STACK + 0x3000n, STACK + 0x3100n, TEXT + 0x220n);
    putFrame(kernel, STACK + 0x3100n, STACK + 0x3200n, TEXT + 0x120n);
    putFrame(kernel, STACK + 0x3200n, STACK + 0x3c00n, TEXT + 0x20n);
    putRegisters(kernel, STACK + 0x3c00n, marker, { nip: 0x100bd1f8n, msr: MSR_PR });
    const stack = unwind(kernel, switchedOut(kernel, task(kernel)), { task: task(kernel) });
    assert.deepEqual(described(stack), [
      "__switch_to",
      "sys_pause",
      "system_call_common",
      "system call from user mode at 100bd1f8",
    ]);
  });
}

test("a function interrupted before it made its frame has its caller in the link register", () => {
  const kernel = kernelWith();
  const inner = STACK + 0x2000n;
  putFrame(kernel, inner, inner + 0x100n, TEXT + 0x420n);
  putRegisters(kernel, inner + 0x100n, REGS_MARKER, { nip: TEXT + 0x320n, link: TEXT + 0x120n, gpr1: STACK + 0x3200n });
  putFrame(kernel, STACK + 0x3200n, ENTRY, TEXT + 0x20n);
  putRegisters(kernel, ENTRY, REGS_MARKER, { nip: 0x100bd1f8n, msr: MSR_PR });
  const start = savedCursor(kernel, new Map([["nip", TEXT + 0x520n], ["r1", inner], ["link", TEXT + 0x420n], ["msr", 0n]])); // prettier-ignore
  assert.deepEqual(described(unwind(kernel, start, { task: task(kernel) })), [
    "do_page_fault",
    "data_access_common",
    "(data storage fault) leaf",
    "sys_pause",
    "system_call_common",
    "system call from user mode at 100bd1f8",
  ]);
});

test("a kernel thread ends at its empty registers", () => {
  const kernel = kernelWith();
  putFrame(kernel, STACK + 0x3000n, STACK + 0x3100n, TEXT + 0x220n);
  putFrame(kernel, STACK + 0x3100n, ENTRY, TEXT + 0x620n);
  putRegisters(kernel, ENTRY, REGS_MARKER, {});
  const stack = unwind(kernel, switchedOut(kernel, task(kernel)), { task: task(kernel) });
  assert.deepEqual(described(stack), ["__switch_to", "start_kernel_thread"]);
});

test("the marker of the next frame is not taken for that of a small frame", () => {
  const kernel = kernelWith();
  const entry = STACK + 0x3c40n;
  putFrame(kernel, STACK + 0x3000n, STACK + 0x3100n, TEXT + 0x220n);
  putFrame(kernel, STACK + 0x3100n, entry - 0x40n, TEXT + 0x120n);
  putFrame(kernel, entry - 0x40n, entry, TEXT + 0x20n);
  putRegisters(kernel, entry, REGS_MARKER, { nip: 0x100bd1f8n, msr: MSR_PR });
  const stack = unwind(kernel, switchedOut(kernel, task(kernel)), { task: task(kernel) });
  assert.deepEqual(described(stack), [
    "__switch_to",
    "sys_pause",
    "system_call_common",
    "system call from user mode at 100bd1f8",
  ]);
});

test("a CPU at an exception vector, with the stack pointer of user code, has no caller in the kernel", () => {
  const kernel = kernelWith();
  const start = savedCursor(kernel, new Map([["nip", TEXT + 0x400n], ["r1", 0x3fffd18d8080n], ["link", 0x10000c64n], ["msr", 0n]])); // prettier-ignore
  assert.deepEqual(described(unwind(kernel, start, { task: task(kernel) })), ["data_access_common"]);
});
