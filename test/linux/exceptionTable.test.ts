import assert from "node:assert/strict";
import { test } from "node:test";
import { fixupsOf } from "../../src/linux/exceptionTable.ts";
import { toyKernel } from "../builders/kernel.ts";

const TABLE = 0xffffffff82000000n;
const TEXT = 0xffffffff81000000n;

const entry = (at: number, insn: bigint, fixup: bigint): readonly [string, bigint, { insn: bigint; fixup: bigint }] => {
  const address = TABLE + BigInt(at * 12);
  const relative = (to: bigint, from: bigint): bigint => BigInt.asUintN(32, to - from);
  return [
    "struct exception_table_entry",
    address,
    { insn: relative(insn, address), fixup: relative(fixup, address + 4n) },
  ];
};

test("execution after a fault continues at the exception-table entry of the instruction", () => {
  const kernel = toyKernel({
    types: "struct exception_table_entry { int insn; int fixup; int data; };",
    symbols: { __start___ex_table: TABLE, __stop___ex_table: TABLE + 48n },
    memory: [
      entry(0, TEXT + 0x10n, TEXT + 0x80n),
      entry(1, TEXT + 0x110n, TEXT + 0x180n),
      entry(2, TEXT + 0x120n, TEXT + 0x188n),
      entry(3, TEXT + 0x200n, TEXT + 0x280n),
    ],
  });
  const f = { name: "f", address: TEXT + 0x100n, size: 0x100, type: "T" };
  assert.deepEqual(fixupsOf(kernel, f), [TEXT + 0x180n, TEXT + 0x188n]);
});
