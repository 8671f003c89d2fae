import assert from "node:assert/strict";
import { test } from "node:test";
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

const words = (...all: number[]): Effect[] => {
  const bytes = new Uint8Array(all.length * 4);
  for (const [i, word] of all.entries()) new DataView(bytes.buffer).setUint32(i * 4, word, true);
  return arm64Effects(bytes, 0x1000n);
};

const load = (base: string, displacement: bigint, size: number, signed = false): Value => ({
  kind: "load",
  place: { base, index: undefined, scale: 1, displacement, segment: undefined },
  size,
  signed,
});

test("a load of x86 tells its place and the register it goes to", async () => {
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

test("what is written in 8 bits is not followed, what is written in 32 is extended", async () => {
  const [low, wide] = await x86("b0 01 89 c3");
  assert.equal(low?.writes.has("rax"), true);
  assert.equal(low?.writes.get("rax"), undefined);
  assert.deepEqual(wide?.writes.get("rbx"), { kind: "register", name: "rax", bits: 32, signed: false });
});

test("an operand beside the instruction pointer is an address", async () => {
  const [one] = await x86("48 8b 05 10 00 00 00");
  assert.deepEqual(one?.access?.place.displacement, 0x1017n);
  assert.equal(one?.access?.place.base, undefined);
});

test("a per-CPU operand has its segment", async () => {
  const [one] = await x86("65 48 8b 04 25 00 10 00 00");
  assert.equal(one?.access?.place.segment, "gs");
  assert.equal(one?.access?.place.displacement, 0x1000n);
});

test("calls, jumps and branches tell where they go", async () => {
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

test("loads and stores of arm64 tell their places", () => {
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
