import assert from "node:assert/strict";
import { test } from "node:test";
import { unsavedChanges } from "../../../src/arch/arm/changes.ts";

const code = (...words: number[]): Uint8Array => new Uint8Array(Uint32Array.from(words).buffer);
const changed = (...words: number[]): string => [...unsavedChanges(code(...words))].join();

/** Instructions as GNU as encodes them, and the registers that they write. */
const INSTRUCTIONS: readonly (readonly [text: string, word: number, written: string])[] = [
  ["movw r4, #0xc2e8", 0xe30c42e8, "r4"],
  ["movt r4, #0xc15a", 0xe34c415a, "r4"],
  ["mrc p15, #0, r1, c13, c0, #3", 0xee1d1f70, "r1"],
  ["ldr r6, [sp, #0x18]", 0xe59d6018, "r6"],
  ["ldrb r5, [r4, #0x28]", 0xe5d45028, "r5"],
  ["str r0, [sp]", 0xe58d0000, ""],
  ["cmp r2, r0", 0xe1520000, ""],
  ["add r8, r8, #1", 0xe2888001, "r8"],
  ["mul r9, r1, r2", 0xe0090291, "r9"],
  ["umull r4, r5, r6, r7", 0xe0854796, "r4,r5"],
  ["ldrd r4, r5, [r0]", 0xe1c040d0, "r4,r5"],
  ["ldrh r10, [r1]", 0xe1d1a0b0, "r10"],
  ["strh r10, [r1]", 0xe1c1a0b0, ""],
  ["ldmia r0!, {r4, r5}", 0xe8b00030, "r0,r4,r5"],
  ["uxtb r7, r7", 0xe6ef7077, "r7"],
  ["sdiv r4, r5, r6", 0xe714f615, "r4"],
  ["clz r4, r5", 0xe16f4f15, "r4"],
  ["mrs r4, cpsr", 0xe10f4000, "r4"],
  ["msr cpsr_c, r4", 0xe121f004, ""],
  ["bx lr", 0xe12fff1e, ""],
  ["ldr r0, [r4], #4", 0xe4940004, "r0,r4"],
  ["ldrex r4, [r5]", 0xe1954f9f, "r4"],
  ["dmb ish", 0xf57ff05b, ""],
  ["bl #0", 0xebfffffe, ""],
];

for (const [text, word, written] of INSTRUCTIONS)
  test(`${text} writes ${written || "no register"}`, () => assert.equal(changed(word), written));

test("a register that is pushed is the caller's again at the end, one that is not is lost", () => {
  // push {r7, fp, lr}; push one register; then r4, r5, r7 and fp are written
  const lost = changed(0xe92d4880, 0xe52d5004, 0xe3a04000, 0xe3a05000, 0xe3a07000, 0xe3a0b000);
  assert.equal(lost, "r4,sp");
});
