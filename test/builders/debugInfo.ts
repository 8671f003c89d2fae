import type { BuiltElf } from "./elf.ts";
import { elfBytes, TEXT } from "./elf.ts";
import {
  at,
  type BuiltAttribute,
  type BuiltDie,
  CODE,
  CODE_SIZE,
  die,
  DwarfBuilder,
  type DwarfShape,
  lineTable,
} from "./dwarf.ts";

const low = Number(CODE);

/** A small image that has something of everything: symbols, functions, inlined calls, lists, lines, types, call frames. */
export function debugInfoImage(shape: DwarfShape, more: BuiltElf = {}): Uint8Array {
  const builder = new DwarfBuilder(shape);
  const { version, order, addressSize } = builder.shape;
  const v5 = version === 5;
  builder.section(".debug_line", lines(builder));
  builder.section(v5 ? ".debug_loclists" : ".debug_loc", locations(builder));
  builder.section(v5 ? ".debug_rnglists" : ".debug_ranges", ranges(builder));
  builder.section(".debug_frame", frames(builder));
  const unit = builder.unit(root(builder));
  builder.section(
    ".debug_aranges",
    builder.sized((out) => {
      out.u16(2).int(builder.shape.offsetSize, unit).u8(addressSize, 0);
      while ((out.length + (builder.shape.offsetSize === 8 ? 12 : 4)) % (2 * addressSize)) out.u8(0);
      out.int(addressSize, CODE).int(addressSize, 0x80).int(addressSize, 0).int(addressSize, 0);
    }),
  );
  const text = { name: ".text", flags: TEXT, address: CODE, bytes: new Uint8Array(CODE_SIZE) };
  const symbols = ["outer", "second", "label"].map((name, i) => ({ name, value: CODE + BigInt(0x30 * i), size: 0x30 }));
  return elfBytes({ order, wordSize: addressSize, symbols, ...more, sections: [text, ...builder.sections()] });
}

function pcs({ shape }: DwarfBuilder, from: number, size: number): BuiltAttribute[] {
  const end: BuiltAttribute =
    shape.version >= 4 ? [at.DW_AT_high_pc, "data4", size] : [at.DW_AT_high_pc, "addr", low + from + size];
  return [[at.DW_AT_low_pc, "addr", low + from], end];
}

function root(builder: DwarfBuilder): BuiltDie {
  const named = (name: string): BuiltAttribute => [at.DW_AT_name, "strp", name];
  const offset = builder.shape.version >= 4 ? "sec_offset" : "data4";
  const expression = builder.shape.version >= 4 ? "exprloc" : "block1";
  const int = die(at.DW_TAG_base_type, [
    named("int"),
    [at.DW_AT_byte_size, "data1", 4],
    [at.DW_AT_encoding, "data1", 5],
  ]);
  const typed: BuiltAttribute = [at.DW_AT_type, "ref4", int];
  const node: BuiltDie = die(at.DW_TAG_structure_type, [named("node"), [at.DW_AT_byte_size, "data1", 24]], []);
  const pointer = die(at.DW_TAG_pointer_type, [[at.DW_AT_type, "ref4", node]]);
  const array = die(
    at.DW_TAG_array_type,
    [typed],
    [die(at.DW_TAG_subrange_type, [[at.DW_AT_upper_bound, "data1", 3]])],
  );
  const member = (name: string, type: BuiltDie, place: number): BuiltDie =>
    die(at.DW_TAG_member, [
      named(name),
      [at.DW_AT_type, "ref4", type],
      [at.DW_AT_data_member_location, "data1", place],
    ]);
  (node.children as BuiltDie[]).push(member("next", pointer, 0), member("values", array, 8));
  const state = die(
    at.DW_TAG_enumeration_type,
    [named("state"), [at.DW_AT_byte_size, "data1", 4], typed],
    [die(at.DW_TAG_enumerator, [named("RUNNING"), [at.DW_AT_const_value, "sdata", -1]])],
  );
  const typedef = die(at.DW_TAG_typedef, [named("node_t"), [at.DW_AT_type, "ref4", node]]);
  const argument = die(at.DW_TAG_formal_parameter, [named("argument"), typed]);
  const inner = die(at.DW_TAG_subprogram, [named("inner"), typed], [argument]);
  const outer = die(
    at.DW_TAG_subprogram,
    [named("outer"), ...pcs(builder, 0, 0x30), [at.DW_AT_frame_base, expression, [0x77, 8]]],
    [
      die(at.DW_TAG_formal_parameter, [
        named("list"),
        [at.DW_AT_type, "ref4", pointer],
        [at.DW_AT_location, offset, 16],
      ]),
      die(at.DW_TAG_lexical_block, pcs(builder, 8, 0x20), [
        die(at.DW_TAG_variable, [named("local"), typed, [at.DW_AT_location, expression, [0x91, 0x70]]]),
        die(
          at.DW_TAG_inlined_subroutine,
          [
            [at.DW_AT_abstract_origin, "ref4", inner],
            ...pcs(builder, 0x10, 8),
            [at.DW_AT_call_file, "data1", 1],
            [at.DW_AT_call_line, "data1", 20],
          ],
          [
            die(at.DW_TAG_formal_parameter, [
              [at.DW_AT_abstract_origin, "ref4", argument],
              [at.DW_AT_const_value, "sdata", -7],
            ]),
          ],
        ),
      ]),
    ],
  );
  const second = die(at.DW_TAG_subprogram, [
    named("second"),
    [at.DW_AT_ranges, offset, builder.shape.version === 5 ? 12 : 0],
  ]);
  const unit: BuiltAttribute[] = [named("a.c"), [at.DW_AT_stmt_list, offset, 0], ...pcs(builder, 0, 0x80)];
  return die(at.DW_TAG_compile_unit, unit, [int, node, pointer, array, state, typedef, inner, outer, second]);
}

function lines(builder: DwarfBuilder): Uint8Array {
  const { version, addressSize } = builder.shape;
  return lineTable(
    builder,
    {
      version,
      directories: ["kernel"],
      files: [
        ["a.c", 1],
        ["b.h", 1],
      ],
    },
    (out) => {
      out
        .u8(0)
        .uleb(addressSize + 1)
        .u8(2)
        .int(addressSize, CODE);
      for (let i = 0; i < 16; i++)
        out
          .u8(13 + 5 + 14 * 4 + 1, 5)
          .uleb(i)
          .u8(13 + 5 + 14 * 4 - 1);
      out.u8(0, 1, 1);
    },
  );
}

/** The list is at 16 in either version. */
function locations(builder: DwarfBuilder): Uint8Array {
  const { version, addressSize } = builder.shape;
  const out = builder.writer();
  if (version < 5) {
    out.append(new Uint8Array(16)).int(addressSize, 0).int(addressSize, 0x40).u16(2).u8(0x70, 8);
    return out.append(new Uint8Array(2 * addressSize)).done();
  }
  out.append(builder.sized((header) => header.u16(5).u8(addressSize, 0).u32(0))).append(new Uint8Array(4));
  return out.u8(4).uleb(0).uleb(0x40).uleb(2).u8(0x70, 8).u8(5).uleb(1).u8(0x55).u8(0).done();
}

function ranges(builder: DwarfBuilder): Uint8Array {
  const { version, addressSize } = builder.shape;
  const out = builder.writer();
  if (version < 5)
    return out
      .int(addressSize, 0x30)
      .int(addressSize, 0x60)
      .append(new Uint8Array(2 * addressSize))
      .done();
  out.append(builder.sized((header) => header.u16(5).u8(addressSize, 0).u32(0)));
  return out
    .u8(4)
    .uleb(0x30)
    .uleb(0x40)
    .u8(7)
    .int(addressSize, CODE + 0x40n)
    .uleb(0x20)
    .u8(0)
    .done();
}

function frames(builder: DwarfBuilder): Uint8Array {
  const { offsetSize, addressSize } = builder.shape;
  const cie = builder.sized((out) =>
    out
      .int(offsetSize, -1)
      .u8(4)
      .u8(0)
      .u8(addressSize, 0)
      .uleb(1)
      .sleb(-8)
      .uleb(16)
      .u8(0x0c)
      .uleb(7)
      .uleb(8)
      .u8(0x90)
      .uleb(1),
  );
  const fde = builder.sized((out) =>
    out
      .int(offsetSize, 0)
      .int(addressSize, CODE)
      .int(addressSize, 0x60)
      .u8(0x44, 0x0e)
      .uleb(16)
      .u8(0x83)
      .uleb(2)
      .u8(0x0a, 0x44, 0x0b),
  );
  return builder.writer().append(cie).append(fde).done();
}
