/** What is said of damaged DWARF: each message names the section and what is wrong in it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { attempt, Fault } from "../../../src/base/fault.ts";
import { AbbrevTable } from "../../../src/debuginfo/dwarf/abbrev.ts";
import { binary } from "../../../src/debuginfo/dwarf/expressions/expressionValue.ts";
import { Cursor } from "../../../src/debuginfo/dwarf/cursor.ts";
import { readCie } from "../../../src/debuginfo/dwarf/frames/cie.ts";
import { runCfi } from "../../../src/debuginfo/dwarf/frames/cfiProgram.ts";
import { Image } from "../../../src/debuginfo/dwarf/image.ts";
import { readLines } from "../../../src/debuginfo/dwarf/lines/line.ts";
import { openElf } from "../../../src/elf/elf.ts";
import { ByteWriter } from "../../builders/byteWriter.ts";
import { form } from "../../builders/dwarf.ts";
import { elfFile } from "../../builders/elf.ts";

const image = (sections: Readonly<Record<string, ByteWriter>>): Image =>
  new Image(
    openElf(
      elfFile({
        sections: Object.entries(sections).map(([name, out]) => ({ name: `.debug_${name}`, bytes: out.done() })),
      }),
    ),
    undefined,
    undefined,
  );

/** "kind: message" of what is thrown. */
const said = (work: () => unknown): string => {
  const result = attempt(work);
  return result instanceof Fault ? `${result.kind}: ${result.message}` : "nothing";
};

const bytes = (...values: number[]): ByteWriter => new ByteWriter().u8(...values);
/** A unit of version 4 (or another) with these bytes behind its header of 11 bytes. */
function unit(dies: readonly number[], version = 4, length = 7 + dies.length): ByteWriter {
  return new ByteWriter()
    .u32(length)
    .u16(version)
    .u32(0)
    .u8(8, ...dies);
}
/** A table of abbreviations: code 1 is a compile unit with children, code 2 a variable with one attribute of a form. */
const abbrevs = (attribute = 3, of: number = form.string): ByteWriter =>
  bytes(1, 0x11, 1, 0, 0, 2, 0x34, 0).uleb(attribute).uleb(of).u8(0, 0, 0);

/** Skips all entries below the root of the first unit. */
function children(one: Image): void {
  const walk = one.unitAt(0).rootDie.children();
  while (walk.next()) walk.die();
}

test("units that cannot be read are refused", () => {
  assert.equal(
    said(() => image({ info: unit([], 4, 99) }).unitAt(0)),
    "truncated: .debug_info ends in the unit at 0x0",
  );
  assert.equal(
    said(() => image({ info: unit([], 6) }).unitAt(0)),
    "corrupt: .debug_info has the unknown DWARF version 6",
  );
  const reserved = new ByteWriter().u32(0xfffffff4).u16(4);
  assert.equal(
    said(() => image({ info: reserved }).unitAt(0)),
    "corrupt: .debug_info has a reserved unit length",
  );
  const whole = image({ info: unit([0]), abbrev: abbrevs() });
  assert.equal(
    said(() => whole.unitAt(0).rootDie),
    "corrupt: .debug_info has no DIE at 0xb",
  );
  assert.equal(
    said(() => whole.dieAt(99)),
    "corrupt: .debug_info has no DIE at 0x63",
  );
  assert.equal(
    said(() => whole.typeOf(0x1234n)),
    "unknown: no type unit has the signature 0x1234",
  );
  assert.equal(
    said(() => whole.str.text(7)),
    "truncated: .debug_str has 0 bytes, 0x7 is beyond them",
  );
  assert.equal(
    said(() => image({ str: bytes(0x61) }).str.text(0)),
    "truncated: .debug_str ends in the middle of a text",
  );
});

test("abbreviations that cannot be read are refused", () => {
  const root = (abbrev: ByteWriter): string => said(() => image({ info: unit([2]), abbrev }).unitAt(0).rootDie);
  assert.equal(
    root(bytes(1, 0x11, 0, 0, 0, 0)),
    "corrupt: a DIE has abbreviation 2, which .debug_abbrev does not have",
  );
  assert.equal(
    root(new ByteWriter().uleb(70_000).u8(0x11, 0, 0, 0, 0)),
    "corrupt: .debug_abbrev has an abbreviation with code 70000; the limit is 65536",
  );
  const many = bytes(2, 0x11, 0);
  for (let i = 0; i < 1100; i++) many.u8(3, form.data1);
  assert.equal(
    root(many),
    "corrupt: .debug_abbrev has an abbreviation with more than 1024 attributes; the debug information is damaged",
  );
  const table = new AbbrevTable(image({ abbrev: abbrevs() }).abbrev, 0, { addressSize: 8, offsetSize: 4, version: 4 });
  assert.equal(table.get(2).tag, 0x34);
});

test("attributes that cannot be read are refused", () => {
  const read = (of: number, ...value: number[]): string =>
    said(() => children(image({ info: unit([1, 2, ...value, 0]), abbrev: abbrevs(3, of) })));
  assert.match(read(0x7f, 0), /^corrupt: .debug_info uses the unknown form 0x7f$/);
  assert.match(
    read(form.indirect, form.indirect),
    /^corrupt: .debug_info has an invalid DW_FORM_indirect; the debug information is damaged$/,
  );
  const name = image({ info: unit([2]), abbrev: abbrevs(3, 0x7f) });
  assert.match(
    said(() => name.unitAt(0).root),
    /^corrupt: .debug_info uses the unknown form 0x7f$/,
  );
});

test("an entry whose sibling is before itself is refused", () => {
  const abbrev = bytes(1, 0x11, 1, 0, 0, 2, 0x39, 1, 1, form.ref4, 0, 0, 0);
  const info = unit([1, 2, 4, 0, 0, 0, 0, 0]);
  assert.equal(
    said(() => children(image({ info, abbrev }))),
    "corrupt: .debug_info: the DIE at 0xc has a sibling before itself or outside of its unit",
  );
});

test("line tables that cannot be read are refused", () => {
  const lines = (line: ByteWriter): string =>
    said(() => {
      const one = image({ info: unit([0]), line });
      return readLines(one.unitAt(0), 0);
    });
  assert.equal(
    lines(new ByteWriter().u32(0x8000000).u16(4)),
    "corrupt: .debug_line has a program of 134217728 bytes; the limit is 67108864",
  );
  assert.equal(lines(new ByteWriter().u32(2).u16(9)), "corrupt: .debug_line has the unknown version 9");
});

test("an expression that combines values of different types is refused", () => {
  const value = { value: 1n, bits: 32, signed: false, generic: false };
  assert.equal(
    said(() => binary(0x22, value, { ...value, bits: 64 })),
    "corrupt: a DWARF expression combines values of different types",
  );
});

const { encoding } = image({});
const cursor = (...values: number[]): Cursor => new Cursor(".debug_frame", encoding, Uint8Array.from(values));
/** A CIE of version 1 with an augmentation and its data, and instructions. */
const cie = (augmentation: string, ...rest: number[]) =>
  readCie(cursor(1, ...Buffer.from(`${augmentation}\0`), 1, 0x78, 16, ...rest));

test("call frame information that cannot be read is refused", () => {
  assert.equal(
    said(() => cie("eh")),
    "unknown: .debug_frame: augmentation eh is not known",
  );
  assert.equal(
    said(() => cie("zP", 1, 0x07)),
    "unknown: pointer encoding 0x7 is not known",
  );
  const rows = (...program: number[]): string => said(() => runCfi(cie(""), cursor(...program), 0, 1));
  assert.equal(rows(0x0e, 16), "corrupt: .debug_frame sets an offset of the CFA before its register");
  assert.equal(
    rows(0x0c, 7, 8, ...Array<number>(65).fill(0x0a)),
    "corrupt: .debug_frame nests more than 64 DW_CFA_remember_state; the table is probably damaged",
  );
});

test("numbers of a size that no machine has are refused", () => {
  const word = cursor(1, 2, 3, 4, 5, 6, 7, 8);
  assert.equal(
    said(() => word.unsigned(3)),
    "corrupt: .debug_frame has an integer of 3 bytes, not of 1, 2, 4 or 8",
  );
  assert.equal(
    said(() => word.address(2)),
    "corrupt: .debug_frame has addresses of 2 bytes, not of 4 or 8",
  );
});
