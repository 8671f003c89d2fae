/** Damaged types and line tables end: they are cut at a limit. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Member, StructType } from "../../../../src/debuginfo/ctype.ts";
import { offsetLines } from "../../../../src/crash/commands/gdb/memberOffsets.ts";
import { addressOrder } from "../../../../src/crash/commands/gdb/sourceBlocks.ts";
import type { Kernel } from "../../../../src/model/kernel.ts";

test("ptype /o of a struct that contains itself twice ends at 100,000 lines", () => {
  const members: Member[] = [];
  const type: StructType = { kind: "struct", name: "loop", size: 8, incomplete: false, members };
  for (const name of ["a", "b"]) members.push({ name, type, bitOffset: 0, bitSize: undefined });
  assert.equal(offsetLines(type).length, 100_000);
});

test("disassemble /s shows at most 10,000 lines before a line whose number is damaged", () => {
  const instructions = [0n, 1n].map((address) => ({
    address,
    bytes: Uint8Array.of(0x90),
    mnemonic: "nop",
    operands: "",
  }));
  const statement = (pc: bigint) => ({
    source: { file: "a.c", line: pc === 0n ? 1 : 0xffffffff, column: 0 },
    start: pc,
    end: pc + 1n,
  });
  const blocks = [...addressOrder({ code: { statement } } as unknown as Kernel, instructions)];
  assert.deepEqual(
    blocks.map(({ lines }) => lines),
    [
      { first: 1, last: 1 },
      { first: 0xffffffff - 10_000, last: 0xffffffff },
    ],
  );
});
