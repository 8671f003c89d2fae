import assert from "node:assert/strict";
import { test } from "node:test";
import type { CfiRow } from "../../../src/debuginfo/source.ts";
import type { ByteWriter } from "../../builders/byteWriter.ts";
import { ALLOC } from "../../builders/elf.ts";
import { at, CODE, die, DwarfBuilder, type DwarfShape } from "../../builders/dwarf.ts";

type Write = (out: ByteWriter) => void;

/** A .debug_frame of one CIE and the FDEs: code alignment 1, data alignment -8, return address in register 16. */
function debugFrame(
  builder: DwarfBuilder,
  common: Write,
  fdes: readonly (readonly [start: number, size: number, Write])[],
): Uint8Array {
  const { offsetSize, addressSize } = builder.shape;
  const out = builder.writer();
  out.append(
    builder.sized((cie) => {
      cie.int(offsetSize, -1).u8(4).u8(0).u8(addressSize, 0).uleb(1).sleb(-8).uleb(16);
      common(cie);
    }),
  );
  for (const [start, size, program] of fdes) {
    out.append(
      builder.sized((fde) => {
        fde
          .int(offsetSize, 0)
          .int(addressSize, CODE + BigInt(start))
          .int(addressSize, size);
        program(fde);
      }),
    );
  }
  return out.done();
}

function rows(shape: DwarfShape, common: Write, ...fdes: readonly (readonly [number, number, Write])[]) {
  const builder = new DwarfBuilder(shape);
  builder.section(".debug_frame", debugFrame(builder, common, fdes));
  builder.unit(die(at.DW_TAG_compile_unit));
  const { code } = builder.open();
  return (offset: number): CfiRow | undefined => code.cfi(CODE + BigInt(offset));
}

/** "r7+16 3=c-16 16=c-8" */
function text(row: CfiRow | undefined): string {
  if (!row) return "";
  const cfa = row.cfa.kind === "register" ? `r${row.cfa.register}+${row.cfa.offset}` : `[${row.cfa.bytes.join(",")}]`;
  const rules = [...row.rules].map(([register, rule]) => {
    const what =
      "offset" in rule
        ? rule.offset
        : "register" in rule
          ? rule.register
          : "bytes" in rule
            ? `[${rule.bytes.join(",")}]`
            : "";
    return ` ${register}=${rule.kind}${what}`;
  });
  return cfa + rules.join("");
}

const start: Write = (out) =>
  out
    .u8(0x0c)
    .uleb(7)
    .uleb(8)
    .u8(0x80 | 16)
    .uleb(1);

for (const shape of [{}, { order: "big", addressSize: 4 }, { offsetSize: 8 }] as const) {
  test(`a function's rows change as its instructions say (${JSON.stringify(shape)})`, () => {
    const row = rows(shape, start, [
      0x10,
      0x20,
      (out) => out.u8(0x41, 0x0e).uleb(16).u8(0x83).uleb(2).u8(0x44, 0x0d).uleb(6),
    ]);
    assert.equal(text(row(0xf)), "");
    assert.equal(text(row(0x10)), "r7+8 16=offset-8");
    assert.equal(text(row(0x11)), "r7+16 16=offset-8 3=offset-16");
    assert.equal(text(row(0x14)), "r7+16 16=offset-8 3=offset-16");
    assert.equal(text(row(0x15)), "r6+16 16=offset-8 3=offset-16");
    assert.equal(text(row(0x2f)), "r6+16 16=offset-8 3=offset-16");
    assert.equal(text(row(0x30)), "");
    assert.equal(row(0x10)?.returnAddressRegister, 16);
  });
}

test("every rule that saves a register is decoded", () => {
  const program: Write = (out) => {
    out.u8(0x05).uleb(1).uleb(3); // offset_extended
    out.u8(0x11).uleb(2).sleb(-3); // offset_extended_sf
    out.u8(0x14).uleb(3).uleb(4); // val_offset
    out.u8(0x15).uleb(4).sleb(-4); // val_offset_sf
    out.u8(0x07).uleb(5); // undefined
    out.u8(0x08).uleb(6); // same_value
    out.u8(0x09).uleb(8).uleb(9); // register
    out.u8(0x10).uleb(10).uleb(2).u8(0x77, 0); // expression
    out.u8(0x16).uleb(11).uleb(1).u8(0x9c); // val_expression
    out.u8(0x2f).uleb(12).uleb(1); // GNU_negative_offset_extended
    out.u8(0x2e).uleb(4).u8(0x2d); // GNU_args_size, negate_ra_state
    out.u8(0x0f).uleb(2).u8(0x77, 8); // def_cfa_expression
  };
  const row = rows({}, start, [0, 0x10, program]);
  assert.equal(
    text(row(0)),
    "[119,8] 16=offset-8 1=offset-24 2=offset24 3=valueOffset-32 4=valueOffset32 5=undefined 6=same 8=register9 " +
      "10=expression[119,0] 11=valueExpression[156] 12=offset8",
  );
});

test("states are remembered and restored, and a register is reset to the rule of the CIE", () => {
  const row = rows({}, start, [
    0,
    0x40,
    (out) => {
      out.u8(0x0a, 0x0e).uleb(32).u8(0x86).uleb(2); // remember_state, def_cfa_offset, offset 6
      out.u8(0x02, 0x10, 0x0b); // advance_loc1 16, restore_state
      out.u8(0x03).u16(0x10).u8(0x90).uleb(5).u8(0x86).uleb(3); // advance_loc2 16
      out
        .u8(0x04)
        .u32(0x8)
        .u8(0xc0 | 16, 0x06)
        .uleb(6); // advance_loc4 8, restore, restore_extended
      out.u8(0x12).uleb(6).sleb(-2).u8(0x13).sleb(-3); // def_cfa_sf, def_cfa_offset_sf
    },
  ]);
  assert.equal(text(row(0)), "r7+32 16=offset-8 6=offset-16");
  assert.equal(text(row(0x10)), "r7+8 16=offset-8");
  assert.equal(text(row(0x20)), "r7+8 16=offset-40 6=offset-24");
  assert.equal(text(row(0x28)), "r6+24 16=offset-8");
});

test("an .eh_frame with relative pointers and augmentations gives the same rows, and marks signal frames", () => {
  const builder = new DwarfBuilder();
  const section = CODE + 0x10000n;
  const out = builder.writer();
  out.append(
    builder.sized((cie) => {
      cie.u32(0).u8(1).text("zRS").uleb(1).sleb(-8).u8(16).uleb(1).u8(0x1b); // sdata4, pcrel
      start(cie);
      cie.align(4);
    }),
  );
  const fdeAt = out.length;
  out.append(
    builder.sized((fde) => {
      const place = fdeAt + 8;
      fde
        .u32(fdeAt + 4)
        .int(4, CODE + 0x20n - (section + BigInt(place)))
        .u32(0x10)
        .uleb(0)
        .u8(0x42, 0x0e)
        .uleb(24);
    }),
  );
  out.u32(0);
  builder.unit(die(at.DW_TAG_compile_unit));
  const { code } = builder.open(
    {},
    {
      sections: [
        { name: ".text", flags: 6, address: CODE, bytes: new Uint8Array(0x100) },
        { name: ".eh_frame", flags: ALLOC, address: section, bytes: out.done() },
      ],
    },
  );
  assert.equal(text(code.cfi(CODE + 0x21n)), "r7+8 16=offset-8");
  assert.equal(text(code.cfi(CODE + 0x22n)), "r7+24 16=offset-8");
  assert.equal(code.cfi(CODE + 0x22n)?.signalFrame, true);
  assert.equal(code.cfi(CODE + 0x30n), undefined);
});

test("instructions that break a rule are a fault of their function alone", () => {
  const row = rows(
    {},
    start,
    [0, 0x10, (out) => out.u8(0x0b)],
    [0x10, 0x10, (out) => out.u8(0x3c, 1)],
    [0x20, 0x10, (out) => out.u8(0x0e)],
    [0x30, 0x10, () => undefined],
  );
  assert.throws(() => row(0), /restores a state that it did not remember/);
  assert.throws(() => row(0x10), /unknown instruction 0x3c/);
  assert.throws(() => row(0x20), /ends in the middle of a value/);
  assert.equal(text(row(0x30)), "r7+8 16=offset-8");
});
