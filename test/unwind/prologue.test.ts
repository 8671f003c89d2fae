import assert from "node:assert/strict";
import { test } from "node:test";
import type { Stack } from "../../src/unwind/frame.ts";
import { savedCursor } from "../../src/unwind/start.ts";
import { unwind } from "../../src/unwind/unwind.ts";
import type { ToyKernel } from "../builders/kernel.ts";
import { plainCall } from "../builders/orc.ts";
import { putWords, stackKernel, TASK, TASK_STACK } from "../builders/stack.ts";

const TEXT = 0xffffffff81000000n;
const SP = TASK_STACK + 0x1000n;
const IN_CALLER = TEXT + 0x180n;
const functions = {
  crash: { address: TEXT },
  caller: { address: TEXT + 0x100n, orc: { ...plainCall, spRegister: "undefined", type: "end" } },
} as const;

const FENTRY = [0xe8, 0, 0, 0, 0];
const PUSH_RBX = [0x53];
const PUSH_RBP = [0x55];
const PUSH_R12 = [0x41, 0x54];
const MOV_1_EDX = [0xba, 1, 0, 0, 0];
const MOV_RSP_RBX = [0x48, 0x89, 0xe3];
const SUB_0X10 = [0x48, 0x83, 0xec, 0x10];
const SUB_0XB0 = [0x48, 0x81, 0xec, 0xb0, 0, 0, 0];
const REP_STOS = [0xf3, 0x48, 0xab];
/** `call crash`, right before IN_CALLER. */
const CALL = [0xe8, ...new Uint8Array(new Int32Array([Number(TEXT - IN_CALLER)]).buffer)];

function kernelWith(...code: number[][]): ToyKernel {
  const kernel = stackKernel(functions);
  kernel.put(
    "unsigned char[256]",
    TEXT,
    Uint8Array.from({ length: 256 }, (_, i) => code.flat()[i] ?? 0x90),
  );
  kernel.put("unsigned char[7]", IN_CALLER - 7n, Uint8Array.from([0x90, 0x90, ...CALL]));
  kernel.put("unsigned char[4096]", SP, new Uint8Array(4096));
  return kernel;
}

const from = (kernel: ToyKernel, pc: bigint, registers: { readonly [name: string]: bigint } = {}): Stack =>
  unwind(kernel, savedCursor(kernel, new Map(Object.entries({ cs: 0x10n, rip: pc, rsp: SP, ...registers }))), {
    task: kernel.object("struct task_struct", TASK),
  });

test("for code without ORC data, the frame's size is read from the prologue", () => {
  const kernel = kernelWith(FENTRY, PUSH_RBX, MOV_1_EDX, SUB_0XB0, MOV_RSP_RBX, REP_STOS);
  putWords(kernel, SP + 0xb0n, 3n, IN_CALLER);
  const stack = from(kernel, TEXT + 0x40n);
  assert.deepEqual(
    stack.frames.map(({ symbol, sp, doubt }) => [symbol?.name, sp, doubt]),
    [
      ["crash", SP, undefined],
      ["caller", SP + 0xc0n, "prologue"],
    ],
  );
});

test("rbp is restored from the slot to which the prologue pushed it", () => {
  const kernel = kernelWith(FENTRY, PUSH_RBP, PUSH_R12, SUB_0X10, REP_STOS);
  putWords(kernel, SP + 0x10n, 12n, 5n, IN_CALLER);
  assert.equal(from(kernel, TEXT + 0x40n).frames[1]?.registers.get("rbp"), 5n);
});

test("within the prologue only the instructions that have run are applied", () => {
  const kernel = kernelWith(FENTRY, PUSH_RBP, PUSH_R12, SUB_0X10);
  putWords(kernel, SP, 5n, IN_CALLER);
  assert.equal(from(kernel, TEXT + 6n).frames[1]?.sp, SP + 16n);
});

test("if the prologue does not lead to a return address, a call of this function is searched", () => {
  const kernel = kernelWith(FENTRY, REP_STOS);
  // A return address of another call lies before it.
  putWords(kernel, SP + 0x40n, TEXT + 0x110n, 0n, IN_CALLER);
  assert.equal(from(kernel, TEXT + 0x40n).frames[1]?.sp, SP + 0x58n);
});

test("without call frame information, pushes that lead exactly to the frame give the caller's registers", () => {
  const kernel = stackKernel({ ...functions, crash: { address: TEXT, frame: 0x18 } });
  kernel.put("unsigned char[256]", TEXT, Uint8Array.from({ length: 256 }, (_, i) => [...FENTRY, ...PUSH_RBX, ...SUB_0X10][i] ?? 0x90)); // prettier-ignore
  putWords(kernel, SP, 0n, 0n, 33n, IN_CALLER);
  const caller = from(kernel, TEXT + 0x40n, { rbx: 1n, r12: 12n, rax: 9n }).frames[1]!;
  assert.equal(caller.registers.get("rbx"), 33n);
  assert.equal(caller.registers.get("r12"), 12n);
  assert.equal(caller.registers.get("rax"), undefined);
});
