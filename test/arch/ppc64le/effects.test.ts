import assert from "node:assert/strict";
import { test } from "node:test";
import { localEntryBytes, ppc64leEffects } from "../../../src/arch/ppc64le/effects.ts";
import { effectText } from "../../builders/effectText.ts";

const code = (...all: readonly number[]): Uint8Array =>
  Uint8Array.from(all.flatMap((word) => [0, 8, 16, 24].map((by) => (word >>> by) & 0xff)));

const texts = (...all: readonly number[]): string[] => ppc64leEffects(code(...all), 0x1000n).map(effectText);

// Encodings of GNU as 2.40.
const instructions: readonly (readonly [assembly: string, word: number, effect: string])[] = [
  ["ld r9,32(r31)", 0xe93f0020, "r9=[r31+32]"],
  ["lwa r4,8(r3)", 0xe883000a, "r4=[r3+8].32s"],
  ["stw r30,0(r9)", 0x93c90000, "store r30.32 to [r9+0]"],
  ["stdu r1,-128(r1)", 0xf821ff81, "r1=&[r1+-128] store r1 to [r1+-128]"],
  ["lbzx r3,r4,r5", 0x7c6428ae, "r3=[r4+r5*1+0].8"],
  ["ldx r3,0,r5", 0x7c60282a, "r3=[r5+0]"],
  ["ldbrx r3,0,r5", 0x7c602c28, "r3=?"],
  ["stdcx. r3,0,r5", 0x7c6029ad, "store to [r5+0] by cr0"],
  ["lfd f1,8(r3)", 0xc8230008, ""],
  ["mr r31,r3", 0x7c7f1b78, "r31=r3"],
  ["li r29,-1", 0x3ba0ffff, "r29=-1"],
  ["lis r4,1", 0x3c800001, "r4=65536"],
  ["clrldi r4,r4,32", 0x78840020, "r4=r4.32"],
  ["srdi r4,r9,63", 0x79240fe0, "r4=(r9 >> 63)"],
  ["slwi r4,r9,3", 0x55241838, "r4=(r9.32 << 3).32"],
  ["rldic r4,r5,3,29", 0x78a41f48, "r4=(r5.32 << 3)"],
  ["subf r3,r4,r5", 0x7c642850, "r3=(r5 - r4)"],
  ["orc. r9,r9,r7", 0x7d293b39, "r9=? by cr0"],
  ["extsw r3,r3", 0x7c6307b4, "r3=r3.32s"],
  ["andi. r9,r3,8", 0x70690008, "r9=(r3 & 8) r3 & 8 by cr0"],
  ["cmpdi cr7,r3,-4", 0x2fa3fffc, "r3 ~ -4 by cr7"],
  ["cmplw r4,r5", 0x7c042840, "r4.32 ~ r5.32 by cr0"],
  ["beq cr7,pc+8", 0x419e0008, "branch 1008 if == by cr7"],
  ["blt pc-16", 0x4180fff0, "branch ff0 if < by cr0"],
  ["tdnei r4,0", 0x0b040000, "if r4 != 0"],
  ["trap", 0x7fe00008, ""],
  ["mflr r0", 0x7c0802a6, "r0=link"],
  ["mtctr r12", 0x7d8903a6, "ctr=r12"],
  ["bctrl", 0x4e800421, "link=? call ctr"],
  ["bctr", 0x4e800420, "jump ctr"],
  ["blr", 0x4e800020, "return"],
  ["beqlr cr7", 0x4d9e0020, "branch if == by cr7"],
  ["rfid", 0x4c000024, "return"],
  ["bl pc+64", 0x48000041, "link=? call 1040"],
  ["bcl 20,31,pc+4", 0x429f0005, "link=?"],
  ["bdnz pc-8", 0x4200fff8, "ctr=? branch ff8"],
  ["nop", 0x60000000, ""],
  ["or r1,r1,r1", 0x7c210b78, ""],
];
for (const [assembly, word, effect] of instructions)
  test(`ppc64le: ${assembly}`, () => assert.deepEqual(texts(word), [effect]));

const ADDIS_R2_R12 = 0x3c4c0010;
const ADDI_R2_R2 = 0x3842ffc0;

test("dcbz writes a block of the cache", () => {
  const [effect] = ppc64leEffects(code(0x7c001fec), 0x1000n);
  const { size, reads, writes, place } = effect?.access ?? {};
  assert.deepEqual([size, reads, writes, place?.base], [128, false, true, "r3"]);
});

test("the table of contents of a ppc64le function is a constant, because the first instructions compute it", () => {
  assert.deepEqual(texts(ADDIS_R2_R12, ADDI_R2_R2), [`r2=${0x101000}`, `r2=${0x101000 - 64}`]);
  assert.deepEqual(texts(0x60000000, ADDIS_R2_R12)[1], "r2=(r12 + 1048576)");
});

test("a ppc64le function that sets up its table of contents has a second entry point behind that", () => {
  assert.equal(localEntryBytes(code(ADDIS_R2_R12, ADDI_R2_R2)), 8);
  assert.equal(localEntryBytes(code(0x60000000, 0x60000000)), 0);
  assert.equal(localEntryBytes(Uint8Array.of(1)), 0);
});

test("an instruction of Power10 with a prefix has 8 bytes and a value that is not followed", () => {
  const [first, next] = ppc64leEffects(code(0x06000000, 0x38600001, 0x4e800020), 0x1000n);
  assert.equal(first?.length, 8);
  assert.deepEqual([...(first?.writes ?? [])], [["r3", undefined]]);
  assert.equal(next?.address, 0x1008n);
  assert.equal(ppc64leEffects(code(0x06000000), 0n).length, 0);
});
