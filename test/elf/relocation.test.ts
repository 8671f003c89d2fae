import assert from "node:assert/strict";
import { test } from "node:test";
import type { ByteOrder } from "../../src/base/bytes.ts";
import { Fault } from "../../src/base/fault.ts";
import { openElf } from "../../src/elf/elf.ts";
import { relocated } from "../../src/elf/relocation.ts";
import { ByteWriter } from "../builders/byteWriter.ts";
import { elfFile, TEXT } from "../builders/elf.ts";

const SHT_RELA = 4;
const SHT_REL = 9;
const ET_REL = 1;
const ET_EXEC = 2;
const SECTION = 0x03;
const loaded = 0xffffffffc0441000n;
const place = (section: string): bigint | undefined => (section === ".text" ? loaded : undefined);

type Entry = readonly [offset: number, symbol: number, type: number, addend: bigint];

/** A module with one debug section of 32 bytes; symbols 1 and 2 are the sections .text and .debug_str. */
function module(
  machine: number,
  order: ByteOrder,
  entries: readonly Entry[],
  options: { type?: number; wide?: boolean; bytes?: Uint8Array } = {},
) {
  const { type = ET_REL, wide = true, bytes = new Uint8Array(32) } = options;
  const withAddend = machine !== 40;
  const table = new ByteWriter(order);
  for (const [offset, symbol, kind, addend] of entries) {
    if (wide) table.u64(offset).u64((BigInt(symbol) << 32n) | BigInt(kind)).u64(addend);
    else table.u32(offset).u32((symbol << 8) | kind); // prettier-ignore
  }
  const elf = openElf(
    elfFile({
      type,
      order,
      machine,
      wordSize: wide ? 8 : 4,
      sections: [
        { name: ".text", flags: TEXT, bytes: new Uint8Array(16) },
        { name: ".debug_str", bytes: new Uint8Array(16) },
        { name: ".debug_info", bytes },
        { name: ".rela.debug_info", type: withAddend ? SHT_RELA : SHT_REL, bytes: table.done(), info: 3, link: 5 },
      ],
      symbols: [
        { name: "", info: SECTION, section: 1 },
        { name: "", info: SECTION, section: 2 },
        { name: "function", value: 4n, section: 1 },
      ],
    }),
  );
  return relocated(elf, elf.section(".debug_info")!, place);
}

const view = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.length);

for (const [machine, name, word, half, order] of [
  [62, "x86_64", 1, 10, "little"],
  [183, "aarch64", 257, 258, "little"],
  [22, "s390x", 22, 4, "big"],
] as const) {
  test(`${name} relocations put addresses and section offsets into debug sections`, () => {
    const contents = module(machine, order, [
      [0, 1, word, 8n],
      [8, 2, half, 5n],
      [12, 3, half, -1n],
    ]);
    const bytes = view(contents.read(0, 32));
    const little = order === "little";
    assert.equal(bytes.getBigUint64(0, little), loaded + 8n);
    assert.equal(bytes.getUint32(8, little), 5);
    assert.equal(bytes.getUint32(12, little), Number(BigInt.asUintN(32, loaded + 3n)));
  });
}

test("Arm relocations take their addend from the place", () => {
  const stored = new ByteWriter().u32(8).u32(-4).append(new Uint8Array(24)).done(); // prettier-ignore
  const contents = module(40, "little", [[0, 2, 2, 0n], [4, 3, 2, 0n]], { wide: false, bytes: stored }); // prettier-ignore
  const bytes = view(contents.read(0, 32));
  assert.equal(bytes.getUint32(0, true), 8);
  assert.equal(bytes.getUint32(4, true), Number(BigInt.asUintN(32, loaded)));
});

test("a relative relocation subtracts its own place", () => {
  const bytes = view(module(62, "little", [[16, 2, 2, 100n]]).read(16, 4));
  assert.equal(bytes.getInt32(0, true), 84);
});

test("any part of a section reads as the whole does, relocations out of order too", () => {
  const contents = module(62, "little", [
    [20, 1, 1, 0x1122n],
    [3, 1, 1, 0x3344n],
    [12, 2, 10, 0x5566n],
  ]);
  const whole = contents.read(0, 32);
  for (let start = 0; start < 32; start++) {
    for (let end = start; end <= 32; end++) {
      assert.deepEqual(contents.read(start, end - start), whole.subarray(start, end));
    }
  }
});

test("RISC-V pairs of relocations write the difference of two symbols, in every size and in ULEB128", () => {
  const bytes = new ByteWriter().u32(7).u16(0xfff0).u8(0xc3).u8(0x81).u8(0x00).append(new Uint8Array(23)).done(); // prettier-ignore
  const entries: Entry[] = [
    [0, 3, 35, 0x100n], // ADD32 function + 0x100
    [0, 1, 39, 0n], // SUB32 .text
    [4, 3, 34, 0x20n], // ADD16
    [4, 1, 38, 0n], // SUB16
    [6, 3, 53, 1n], // SET6
    [6, 1, 52, 0n], // SUB6
    [7, 3, 60, 0xc4n], // SET_ULEB128
    [7, 1, 61, 0n], // SUB_ULEB128
    [16, 3, 36, 0n], // ADD64
    [16, 1, 40, 0n], // SUB64
    [24, 3, 56, 0n], // SET32
    [28, 3, 54, 2n], // SET8
    [28, 1, 37, 0n], // SUB8
    [8, 1, 51, 0n], // RELAX
  ];
  const contents = module(243, "little", entries, { bytes });
  const read = view(contents.read(0, 32));
  assert.equal(read.getUint32(0, true), 7 + 0x104);
  assert.equal(read.getUint16(4, true), 0x14);
  assert.equal(read.getUint8(6), 0xc5);
  assert.deepEqual([read.getUint8(7), read.getUint8(8)], [0xc8, 0x01]);
  assert.equal(read.getBigUint64(16, true), 4n);
  assert.equal(read.getUint32(24, true), Number(BigInt.asUintN(32, loaded + 4n)));
  assert.equal(read.getUint8(28), 6);
  assert.deepEqual(contents.read(0, 32), contents.read(0, 32));
  for (let start = 0; start < 32; start++)
    assert.deepEqual(contents.read(start, 32 - start), contents.read(0, 32).subarray(start));
});

test("a linked file's leftover relocations are not applied again", () => {
  const bytes = module(62, "little", [[0, 1, 1, 8n]], { type: ET_EXEC }).read(0, 32);
  assert.deepEqual(bytes, new Uint8Array(32));
});

test("a relocation that is not known, or names a symbol that is not there, is a fault", () => {
  const fault = (entry: Entry) => () => module(62, "little", [entry]).read(0, 32);
  assert.throws(fault([0, 1, 99, 0n]), (error) => error instanceof Fault && error.kind === "unknown");
  assert.throws(fault([0, 1000, 1, 0n]), (error) => error instanceof Fault && error.kind === "corrupt");
});
