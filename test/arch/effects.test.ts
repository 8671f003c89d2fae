import assert from "node:assert/strict";
import { test } from "node:test";
import { ppc64leEffects } from "../../src/arch/ppc64le/effects.ts";
import { riscv64Effects } from "../../src/arch/riscv64/effects.ts";
import { effectDecoder } from "../../src/arch/disassembler/effects.ts";
import { arm64Effects } from "../../src/arch/arm64/effects.ts";
import type { Effect, Value } from "../../src/arch/effect.ts";
import { x86_64 } from "../../src/arch/x86_64/x86_64.ts";
import { drive } from "../../src/base/job.ts";

const hexBytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(" ", ""), "hex"));

async function x86(text: string): Promise<Effect[]> {
  const decode = await drive(effectDecoder(x86_64), new AbortController().signal);
  return decode(hexBytes(text), 0x1000n);
}

const bytesOf = (...all: number[]): Uint8Array => {
  const bytes = new Uint8Array(all.length * 4);
  for (const [i, word] of all.entries()) new DataView(bytes.buffer).setUint32(i * 4, word, true);
  return bytes;
};
const words = (...all: number[]): Effect[] => arm64Effects(bytesOf(...all), 0x1000n);

const load = (base: string, displacement: bigint, size: number, signed = false): Value => ({
  kind: "load",
  place: { base, index: undefined, scale: 1, displacement, segment: undefined },
  size,
  signed,
});

test("a load of x86 is decoded to its operand and its register", async () => {
  const [one] = await x86("48 8b 43 20");
  assert.deepEqual(one?.writes.get("rax"), load("rbx", 0x20n, 8));
  assert.deepEqual(one?.access, {
    place: { base: "rbx", index: undefined, scale: 1, displacement: 0x20n, segment: undefined },
    size: 8,
    reads: true,
    writes: false,
  });
});

test("a store of x86 writes memory and no register", async () => {
  const [one] = await x86("89 28");
  assert.equal(one?.access?.writes, true);
  assert.equal(one?.access?.reads, false);
  assert.equal(one?.writes.size, 0);
});

test("an 8-bit write gives an unknown value, a 32-bit write zero-extends", async () => {
  const [low, wide] = await x86("b0 01 89 c3");
  assert.equal(low?.writes.has("rax"), true);
  assert.equal(low?.writes.get("rax"), undefined);
  assert.deepEqual(wide?.writes.get("rbx"), { kind: "register", name: "rax", bits: 32, signed: false });
});

test("an operand relative to the instruction pointer is an address", async () => {
  const [one] = await x86("48 8b 05 10 00 00 00");
  assert.deepEqual(one?.access?.place.displacement, 0x1017n);
  assert.equal(one?.access?.place.base, undefined);
});

test("a per-CPU operand has its segment", async () => {
  const [one] = await x86("65 48 8b 04 25 00 10 00 00");
  assert.equal(one?.access?.place.segment, "gs");
  assert.equal(one?.access?.place.displacement, 0x1000n);
});

test("calls, jumps and branches are decoded to their targets", async () => {
  const all = await x86("e8 00 01 00 00 eb 02 74 f7 ff d0 c3");
  assert.deepEqual(
    all.map(({ flow, target, through }) => [flow, target, through]),
    [
      ["call", 0x1105n, undefined],
      ["jump", 0x1009n, undefined],
      ["branch", 0x1000n, undefined],
      ["call", undefined, "rax"],
      ["return", undefined, undefined],
    ],
  );
});

test("loads and stores of arm64 are decoded to their operands", () => {
  const [ldr, str, indexed, wide, byte] = words(0xf9401c60, 0xb900001f, 0xf8626860, 0xb9400c01, 0x39400000);
  assert.deepEqual(ldr?.access?.place.base, "x3");
  assert.deepEqual(ldr?.access?.place.displacement, 0x38n);
  assert.equal(str?.access?.writes, true);
  assert.equal(str?.access?.size, 4);
  assert.equal(indexed?.access?.place.index, "x2");
  assert.equal(wide?.access?.size, 4);
  assert.equal(byte?.access?.size, 1);
});

test("moves, sums, calls and branches of arm64 are followed", () => {
  const [mov, immediate, sum, call, branch, pair] = words(
    0xaa0103e0, 0xd2800020, 0x8b020020, 0x94000004, 0xb5000040, 0xa9bf7bfd,
  ); // prettier-ignore
  assert.deepEqual(mov?.writes.get("x0"), { kind: "register", name: "x1", bits: 64, signed: false });
  assert.deepEqual(immediate?.writes.get("x0"), { kind: "constant", value: 1n });
  assert.equal(sum?.writes.get("x0")?.kind, "operation");
  assert.equal(call?.flow, "call");
  assert.equal(call?.target, 0x101cn);
  assert.equal(branch?.flow, "branch");
  assert.equal(branch?.target, 0x1018n);
  assert.equal(pair?.access?.writes, true);
  assert.equal(pair?.writes.has("sp"), true);
});

const reg = (name: string, bits = 64, signed = false): Value => ({ kind: "register", name, bits, signed });
const number = (value: bigint): Value => ({ kind: "constant", value });

test("comparisons of arm64 and their branches are decoded", () => {
  // cmp x0, #0x4b0; b.gt; cmp w1, w2; b.hi; tst x3, #0xff00ff00ff00ff00; b.ne
  const all = words(0xf112c01f, 0x5400004c, 0x6b02003f, 0x54000048, 0xf2089c7f, 0x54000041);
  assert.deepEqual(all[0]?.compares, { left: reg("x0"), right: number(0x4b0n), by: "difference" });
  assert.deepEqual(all[2]?.compares, { left: reg("x1", 32), right: reg("x2", 32), by: "difference" });
  assert.deepEqual(all[4]?.compares, { left: reg("x3"), right: number(0xff00ff00ff00ff00n), by: "conjunction" });
  assert.deepEqual(
    all.map(({ relation, setsFlags, writes }) => [relation, setsFlags, writes.size]),
    [
      [undefined, true, 0],
      [">", false, 0],
      [undefined, true, 0],
      [">", false, 0],
      [undefined, true, 0],
      ["!=", false, 0],
    ],
  );
});

test("branches of arm64 that compare by themselves leave the flags", () => {
  // cbz w4; tbnz x5, #33; tbnz w6, #31
  const [zero, bit, sign] = words(0x34000044, 0xb7080045, 0x37f80046);
  assert.deepEqual(zero?.compares, { left: reg("x4", 32), right: number(0n), by: "difference" });
  assert.deepEqual(bit?.compares, { left: reg("x5"), right: number(1n << 33n), by: "conjunction" });
  assert.deepEqual(sign?.compares, { left: reg("x6", 32, true), right: number(0n), by: "difference" });
  assert.deepEqual([zero?.relation, bit?.relation, sign?.relation], ["==", "!=", "<"]);
  assert.deepEqual([zero?.setsFlags, bit?.setsFlags, sign?.setsFlags], [false, false, false]);
});

test("comparisons of signed numbers are distinguished from those of unsigned numbers", async () => {
  const signs = (all: readonly Effect[]): unknown[] => all.map(({ isSigned }) => isSigned);
  // jg; ja; jne
  assert.deepEqual(signs(await x86("7f 00 77 00 75 00")), [true, false, undefined]);
  // b.gt; b.hi; b.ne; tbnz w6, #31
  assert.deepEqual(signs(words(0x5400004c, 0x54000048, 0x54000041, 0x37f80046)), [true, false, undefined, true]);
  // bge a1,a2; bgeu a1,a2; bne a1,a2
  assert.deepEqual(signs(riscv64Effects(bytesOf(0x00c5d763, 0x00c5f763, 0x00c59763), 0n)), [true, false, undefined]);
  // cmpdi r3,0; cmpldi r3,0; tdgti r4,0; tdlgti r4,0; tdnei r4,0
  const power = ppc64leEffects(bytesOf(0x2c230000, 0x28230000, 0x09040000, 0x08240000, 0x0b040000), 0n);
  assert.deepEqual(signs(power), [true, false, true, false, undefined]);
});

test("immediates, shifts and extensions of arm64 are followed", () => {
  // mov x7, #0x55...; lsl x10, x11, #12; lsr w12, w13, #3; sxtw x14, w15; uxtb w16, w17; add x0, x1, w2, sxtw #2
  const all = words(0xb200f3e7, 0xd374cd6a, 0x53037dac, 0x93407dee, 0x53001e30, 0x8b22c820);
  const shift = (operator: "<<" | ">>", left: Value, by: bigint, bits: number): Value => ({
    kind: "operation",
    operator,
    left,
    right: number(by),
    bits,
  });
  assert.deepEqual(
    all.map(({ writes }) => [...writes]),
    [
      [["x7", number(0x5555555555555555n)]],
      [["x10", shift("<<", reg("x11"), 12n, 64)]],
      [["x12", shift(">>", reg("x13", 32), 3n, 32)]],
      [["x14", reg("x15", 32, true)]],
      [["x16", reg("x17", 8)]],
      [
        [
          "x0",
          {
            kind: "operation",
            operator: "+",
            left: reg("x1"),
            right: shift("<<", reg("x2", 32, true), 2n, 64),
            bits: 64,
          },
        ],
      ],
    ],
  );
});

test("an atomic compare-and-swap of arm64 loads memory into the register with the expected value", () => {
  const [casa, ccmp, brk] = words(0x88e17c02, 0xfa410000, 0xd4210000);
  assert.deepEqual([...(casa?.writes.keys() ?? [])], ["x1"]);
  assert.equal(casa?.access?.reads && casa.access.writes, true);
  assert.deepEqual([ccmp?.writes.size, ccmp?.setsFlags], [0, true]);
  assert.equal(brk?.writes.size, 0);
});

test("a byte that is sign-extended to 32 bits does not fill the upper half of the register", async () => {
  const sign = { kind: "register", name: "rax", bits: 8, signed: true } as const;
  const lower = (left: Value): Value => ({
    kind: "operation",
    operator: "&",
    left,
    right: { kind: "constant", value: 0xffffffffn },
    bits: 32,
  });
  // movsbl %al,%ecx; movsbq %al,%rcx
  const [half, whole] = await x86("0f be c8 48 0f be c8");
  assert.deepEqual(half?.writes.get("rcx"), lower(sign));
  assert.deepEqual(whole?.writes.get("rcx"), sign);
  // ldrsb w1, [x2]; ldrsb x1, [x2]; sxtb w1, w2
  const [loadHalf, loadWhole, register] = words(0x39c00041, 0x39800041, 0x13001c41);
  const byte = { ...load("x2", 0n, 1, true), place: { base: "x2", index: undefined, scale: 1, displacement: 0n } };
  assert.deepEqual(loadHalf?.writes.get("x1"), lower(byte as Value));
  assert.deepEqual(loadWhole?.writes.get("x1"), byte);
  assert.deepEqual(register?.writes.get("x1"), lower({ kind: "register", name: "x2", bits: 8, signed: true }));
});

test("exclusive pairs and CASP of arm64 write both registers of their pair", () => {
  // ldxp x0, x1, [x2]; stxp w3, x0, x1, [x2]; casp x0, x1, x2, x3, [x4]
  const [loads, stores, exchange] = words(0xc87f0440, 0xc8230440, 0x48207c82);
  assert.deepEqual([...(loads?.writes.keys() ?? [])], ["x0", "x1"]);
  assert.deepEqual([loads?.access?.size, loads?.access?.writes], [16, false]);
  assert.deepEqual([...(stores?.writes.keys() ?? [])], ["x3"]);
  assert.deepEqual([stores?.access?.reads, stores?.access?.writes], [false, true]);
  assert.deepEqual([...(exchange?.writes.keys() ?? [])], ["x0", "x1"]);
  assert.deepEqual([exchange?.access?.reads, exchange?.access?.writes], [true, true]);
});

test("a load with acquire semantics of arm64 does not write memory, and a prefetch writes no register", () => {
  // ldapr x0, [x1]; prfm pldl1keep, .+8
  const [acquire, prefetch] = words(0xf8bfc020, 0xd8000040);
  assert.deepEqual([acquire?.access?.reads, acquire?.access?.writes], [true, false]);
  assert.equal(prefetch?.writes.size, 0);
});
