import assert from "node:assert/strict";
import { test } from "node:test";
import { arm64 } from "../../src/arch/arm64/arm64.ts";
import { Fault } from "../../src/base/fault.ts";
import { scannedStack } from "../../src/unwind/scan.ts";
import { savedCursor, switchedOut } from "../../src/unwind/start.ts";
import { plainCall } from "../builders/orc.ts";
import { arm64Regs, putWords, stackKernel, TASK, TASK_STACK } from "../builders/stack.ts";

const TEXT = 0xffffffff81000000n;
const SP = TASK_STACK + 0x2000n;
const functions = {
  schedule: { address: TEXT, frame: 0x10 },
  ret_from_fork: { address: TEXT + 0x100n, orc: { ...plainCall, spRegister: "undefined", type: "end" } },
} as const;

test("unwinding of a sleeping task starts at switch_to, with the registers that it pushed", () => {
  const kernel = stackKernel(functions);
  kernel.put("struct task_struct", TASK, { stack: TASK_STACK, thread: { sp: SP } });
  kernel.put("struct inactive_task_frame", SP, { r12: 12n, bx: 3n, bp: 5n, ret_addr: TEXT + 0x40n });
  const cursor = switchedOut(kernel, kernel.object("struct task_struct", TASK));
  assert.equal(cursor.pc, TEXT + 0x40n);
  assert.equal(cursor.sp, SP + 56n, "above the frame that switch_to pops");
  assert.equal(cursor.exact, false);
  assert.equal(cursor.known.get("rbp"), 5n);
  assert.equal(cursor.known.get("rbx"), 3n);
  assert.equal(cursor.known.get("r12"), 12n);
});

test("a task that never ran is at the start of its first function, not after a call", () => {
  const kernel = stackKernel(functions);
  kernel.put("struct task_struct", TASK, { stack: TASK_STACK, thread: { sp: SP } });
  kernel.put("struct inactive_task_frame", SP, { ret_addr: TEXT + 0x100n });
  assert.equal(switchedOut(kernel, kernel.object("struct task_struct", TASK)).exact, true);
});

test("on arm64 a sleeping task's registers are in its thread_struct", () => {
  const kernel = stackKernel({ __switch_to: { address: TEXT } }, { arch: arm64, types: arm64Regs.plain });
  kernel.put("struct task_struct", TASK, {
    stack: TASK_STACK,
    thread: { cpu_context: { x19: 19n, fp: SP, sp: SP - 16n, pc: TEXT + 8n } },
  });
  const cursor = switchedOut(kernel, kernel.object("struct task_struct", TASK));
  assert.deepEqual(
    [cursor.pc, cursor.sp, cursor.known.get("x29"), cursor.known.get("x19")],
    [TEXT + 8n, SP - 16n, SP, 19n],
  );
});

test("a task that has exited has no stack", () => {
  const kernel = stackKernel(functions);
  kernel.put("struct task_struct", TASK, { stack: 0n });
  assert.throws(
    () => switchedOut(kernel, kernel.object("struct task_struct", TASK)),
    (error) => error instanceof Fault && error.kind === "unmapped" && /exited/.test(error.message),
  );
});

test("registers without a stack pointer are no place to start", () => {
  const kernel = stackKernel(functions);
  assert.throws(() => savedCursor(kernel, new Map([["rip", TEXT]])), Fault);
});

test("a running task that left no registers is found by the return addresses on its stack, with doubt", () => {
  const kernel = stackKernel(functions);
  kernel.put("unsigned char[16384]", TASK_STACK, new Uint8Array(16384));
  // Left over from an earlier call, and leading nowhere.
  putWords(kernel, TASK_STACK + 0x1000n, TEXT + 0x50n, 0n, 0n, 0x1234n);
  putWords(kernel, SP, TEXT + 0x40n, 0n, 0n, TEXT + 0x110n);
  const stack = scannedStack(kernel, kernel.object("struct task_struct", TASK));
  assert.deepEqual(stack.frames.map(({ symbol, doubt }) => [symbol?.name, doubt]), [
    ["schedule", "scan"],
    ["ret_from_fork", undefined],
  ]); // prettier-ignore
});

test("a stack without a return address is reported", () => {
  const kernel = stackKernel(functions);
  kernel.put("unsigned char[16384]", TASK_STACK, new Uint8Array(16384));
  assert.throws(() => scannedStack(kernel, kernel.object("struct task_struct", TASK)), Fault);
});
