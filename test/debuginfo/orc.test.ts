import assert from "node:assert/strict";
import { test } from "node:test";
import { Fault } from "../../src/base/fault.ts";
import { openBtf } from "../../src/debuginfo/btf/btf.ts";
import { openOrc, orcVersion, type OrcVersion } from "../../src/debuginfo/orc.ts";
import type { OrcEntry } from "../../src/debuginfo/source.ts";
import { BtfBuilder } from "../builders/btf.ts";
import { orcTable, plainCall } from "../builders/orc.ts";

const TEXT = 0xffffffff81000000n;
const IPS = 0xffffffff82c00000n;

const none: OrcEntry = {
  spRegister: "undefined",
  spOffset: 0,
  bpRegister: "undefined",
  bpOffset: 0,
  type: "undefined",
  signal: false,
};
const rows = (version: OrcVersion): (readonly [bigint, OrcEntry])[] => [
  [TEXT, { ...none, type: "end" }],
  [TEXT + 0x10n, plainCall],
  [TEXT + 0x11n, { ...plainCall, spOffset: 16, bpRegister: "prevSp", bpOffset: -16 }],
  [TEXT + 0x20n, { ...plainCall, spRegister: "bp", spOffset: 16 }],
  [TEXT + 0x30n, { ...plainCall, type: "regs", spOffset: 0, signal: true }],
  [TEXT + 0x40n, { ...plainCall, type: "regsPartial", spOffset: -8, signal: true }],
  [TEXT + 0x50n, { ...plainCall, spRegister: "spIndirect", spOffset: 8 }],
  [TEXT + 0x60n, { ...plainCall, spRegister: version === 4 ? "ax" : "r10", bpRegister: "bpIndirect" }],
  [TEXT + 0x70n, none],
];

for (const version of [1, 2, 3, 4] as const) {
  test(`ORC version ${version} gives the rule of the code at or below an address`, () => {
    const expected = rows(version);
    const { memory, table } = orcTable(expected, version, IPS);
    const orc = openOrc(memory, table, version);
    expected.forEach(([pc, entry], i) => {
      assert.deepEqual(orc.find(pc), entry);
      assert.deepEqual(orc.find((expected[i + 1]?.[0] ?? pc + 9n) - 1n), entry);
    });
    assert.equal(orc.find(TEXT - 1n), undefined);
    assert.equal(orc.find(0n), undefined);
  });

  test(`ORC version ${version} is recognized by its entries`, () => {
    const many = Array.from({ length: 100 }, (_, i) => [TEXT + BigInt(i), plainCall] as const);
    const { memory, table } = orcTable([...rows(version), ...many], version, IPS);
    assert.equal(orcVersion(memory, table, {}), version);
  });
}

test("the ORC version is recognized by the header's hash, or on older kernels by the members", () => {
  const { memory, table } = orcTable([], 1, IPS);
  const header = (...bytes: number[]) => ({ header: Uint8Array.from([...bytes, ...new Uint8Array(16)]) });
  assert.equal(orcVersion(memory, table, header(0xdb, 0x84, 0xae, 0xd4)), 2);
  assert.equal(orcVersion(memory, table, header(0xfe, 0x5d, 0x32, 0xbf)), 3);
  assert.equal(orcVersion(memory, table, header(0x13, 0x7c, 0x36, 0xad)), 4);
  const b = new BtfBuilder();
  const int = b.int("unsigned int", 4);
  b.struct("orc_entry", 6, [["end", int, 0], ["signal", int, 1]]); // prettier-ignore
  assert.equal(orcVersion(memory, table, { entry: openBtf(b.bytes()).find("struct", "orc_entry") }), 2);
});

test("an empty table has no rule, and an impossible one is refused", () => {
  const { memory, table } = orcTable([], 1, IPS);
  assert.equal(openOrc(memory, table, 1).find(TEXT), undefined);
  assert.throws(() => openOrc(memory, { ...table, count: 1e12 }, 1), Fault);
});

test("a table whose pages are not in the dump is a fault", () => {
  const { memory, table } = orcTable(rows(1), 1, IPS);
  assert.throws(() => openOrc(memory, { ...table, count: 1000 }, 1).find(TEXT + 0x10n), Fault);
});

test("an ORC table with an impossible count is refused", () => {
  const { memory, table } = orcTable(rows(2), 2, IPS);
  for (const count of [-1, 2 ** 30])
    assert.throws(() => openOrc(memory, { ...table, count }, 2), {
      message: new RegExp(`the ORC table has ${count} entries; the limit is 67108864`),
    });
});
