import assert from "node:assert/strict";
import { test } from "node:test";
import { calleeSaves } from "../../../src/arch/arm64/prologue.ts";

/** A function that returns early without a frame, and else saves three registers and changes a fourth. */
const CODE = [
  0xaa1e03e9, // 00 mov x9, x30
  0xd503201f, // 04 nop
  0xd503201f, // 08 nop
  0xb4000040, // 0c cbz x0, 14
  0xd65f03c0, // 10 ret
  0xd503233f, // 14 paciasp
  0xa9bd7bfd, // 18 stp x29, x30, [sp, #-48]!
  0x910003fd, // 1c mov x29, sp
  0xa90153f3, // 20 stp x19, x20, [sp, #16]
  0xf90013f5, // 24 str x21, [sp, #32]
  0xaa0003f3, // 28 mov x19, x0
  0x97fffff5, // 2c bl 0
  0xaa0003f6, // 30 mov x22, x0
  0x97fffff3, // 34 bl 0
  0xf94013f5, // 38 ldr x21, [sp, #32]
  0xa94153f3, // 3c ldp x19, x20, [sp, #16]
  0xa8c37bfd, // 40 ldp x29, x30, [sp], #48
  0xd50323bf, // 44 autiasp
  0xd65f03c0, // 48 ret
];

const code = (): Uint8Array => {
  const bytes = new Uint8Array(CODE.length * 4);
  for (const [i, word] of CODE.entries()) new DataView(bytes.buffer).setUint32(i * 4, word, true);
  return bytes;
};

test("registers that are saved where the frame record is made have their slots beside it", () => {
  const { saved, changed } = calleeSaves(code(), 0x30);
  assert.deepEqual(Object.fromEntries(saved), { x19: 16, x20: 24, x21: 32 });
  assert.equal(changed.has("x22"), true);
  assert.equal(changed.has("x23"), false);
});

test("before the frame record is made nothing is saved", () => {
  assert.equal(calleeSaves(code(), 0x18).saved.size, 0);
});
