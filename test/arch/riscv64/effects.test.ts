import assert from "node:assert/strict";
import { test } from "node:test";
import { riscv64Effects } from "../../../src/arch/riscv64/effects.ts";
import { effectText } from "../../builders/effectText.ts";

/** Encodes each number in 2 bytes if it is a compressed instruction, otherwise in 4. */
const code = (...all: readonly number[]): Uint8Array =>
  Uint8Array.from(
    all.flatMap((word) => ((word & 3) === 3 ? [0, 8, 16, 24] : [0, 8]).map((by) => (word >>> by) & 0xff)),
  );

const texts = (...all: readonly number[]): string[] => riscv64Effects(code(...all), 0x1000n).map(effectText);

// Encodings of GNU as 2.40.
const instructions: readonly (readonly [assembly: string, word: number, effect: string])[] = [
  ["ld a5,32(s1)", 0x709c, "a5=[s1+32]"],
  ["lwu a4,-4(s0)", 0xffc46703, "a4=[s0+-4].32"],
  ["lb a3,0(a2)", 0x00060683, "a3=[a2+0].8s"],
  ["ld a1,32(zero)", 0x02003583, "a1=[32]"],
  ["sw s2,0(a5)", 0x0127a023, "store s2.32 to [a5+0]"],
  ["c.mv a0,s1", 0x8526, "a0=s1"],
  ["c.li a1,-5", 0x55ed, "a1=-5"],
  ["sext.w a0,a0", 0x2501, "a0=a0.32s"],
  ["addi s0,sp,48", 0x1800, "s0=(sp + 48)"],
  ["lui a5,0x81db6", 0x81db67b7, "a5=-2116329472"],
  ["zext.b a0,a0", 0x0ff57513, "a0=a0.8"],
  ["slli a0,a0,32", 0x1502, "a0=(a0 << 32)"],
  ["addw a0,a1,a2", 0x00c5853b, "a0=(a1.32 + a2.32).32s"],
  ["sh3add a0,a1,a2", 0x20c5e533, "a0=((a1 << 3) + a2)"],
  ["zext.w a0,a1", 0x0805853b, "a0=a1.32"],
  ["amoadd.w a0,a1,(a2)", 0x00b6252f, "a0=[a2+0].32s store to [a2+0]"],
  ["lr.d a0,(a1)", 0x1005b52f, "a0=[a1+0]"],
  ["sc.d a3,a2,(a1)", 0x18c5b6af, "a3=? store to [a1+0]"],
  ["csrr a0,sstatus", 0x10002573, "a0=?"],
  ["jr a5", 0x8782, "jump a5"],
  ["jalr a5", 0x9782, "ra=? call a5"],
  ["ret", 0x8082, "return"],
  ["sret", 0x10200073, "return"],
  ["ebreak", 0x9002, ""],
  ["beqz a0,pc+0x80", 0xc141, "branch 1080 if a0 == 0"],
  ["bgeu a1,a2,pc+14", 0x00c5f763, "branch 100e if a1 >= a2"],
  ["bgtz a5,pc+8", 0x00f04463, "branch 1008 if a5 > 0"],
  ["j pc+4", 0xa011, "jump 1004"],
  ["mul a0,a0,a1", 0x02b50533, "a0=?"],
  ["fsd fa0,8(a0)", 0x00a53427, "store to [a0+8]"],
];
for (const [assembly, word, effect] of instructions)
  test(`riscv64: ${assembly}`, () => assert.deepEqual(texts(word), [effect]));

test("a call of riscv64 by AUIPC and JALR has its target", () => {
  // auipc ra,0xffff9; jalr ra,-202(ra): hello_init of a module calls lab_apply.
  assert.deepEqual(texts(0xffff9097, 0xf36080e7), ["ra=-24576", "ra=? call ffffffffffff9f36"]);
  // Another register was loaded: jalr a5.
  assert.deepEqual(texts(0xffff9097, 0x000780e7)[1], "ra=? call a5");
});

test("the call of ftrace by t0 at the start of a function preserves the other registers", () => {
  const [, traced] = riscv64Effects(code(0x00001297, 0x010282e7), 0x1000n);
  assert.equal(traced?.flow, "next");
  assert.deepEqual([...(traced?.writes.keys() ?? [])], ["t0"]);
});

test("decoding of riscv64 ends before zeros, long instructions and an incomplete one", () => {
  assert.equal(texts(0x8526, 0x0000).length, 1);
  assert.equal(texts(0x8526, 0x001f).length, 1);
  assert.equal(riscv64Effects(Uint8Array.of(0x26, 0x85, 0x03, 0x67), 0n).length, 1);
});

test("C.MOP has no effect, and the reserved encodings beside it are unknown instructions", () => {
  // c.mop.1; c.addi16sp of 0; the form of c.mop with x17.
  assert.deepEqual(texts(0x6081), [""]);
  assert.notDeepEqual(texts(0x6101), [""]);
  assert.notDeepEqual(texts(0x6881), [""]);
});

test("a compressed instruction of an unknown extension writes both registers that it can name", () => {
  // c.lbu a0,0(a1) of Zcb
  assert.deepEqual(texts(0x8188), ["a0=? a1=?"]);
});
