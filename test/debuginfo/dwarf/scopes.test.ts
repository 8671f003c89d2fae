import assert from "node:assert/strict";
import { test } from "node:test";
import type { Dwarf } from "../../../src/debuginfo/dwarf/dwarf.ts";
import { TEXT } from "../../builders/elf.ts";
import { at, CODE, CODE_SIZE, die, DwarfBuilder, type DwarfShape, lineTable } from "../../builders/dwarf.ts";

const code = Number(CODE);

/** "inner inlined a.h:3:1 < outer a.c:20:5", innermost first. */
const scopes = ({ code }: Dwarf, pc: bigint): string =>
  code
    .scopes(pc)
    .map(({ function: name, inlined, source }) => `${name}${inlined ? " inlined" : ""} ${source?.file ?? "?"}:${source?.line ?? 0}:${source?.column ?? 0}`)
    .join(" < "); // prettier-ignore

/** A unit with two functions; the first has a call inlined at 0x10..0x20 of its code, in a block of 0x8..0x40. */
function twoFunctions(shape: DwarfShape): DwarfBuilder {
  const builder = new DwarfBuilder(shape);
  const v5 = builder.shape.version === 5;
  const file = v5 ? 0 : 1;
  builder.section(
    ".debug_line",
    lineTable(builder, { version: builder.shape.version, directories: ["kernel", "include"], files: [["a.c", 1], ["a.h", 2]] }, (out) => {
      const { addressSize } = builder.shape;
      out.u8(0).uleb(addressSize + 1).u8(2).int(addressSize, CODE); // DW_LNE_set_address
      out.u8(4).uleb(file).u8(5).uleb(9).u8(3).sleb(9).u8(1); // file, column 9, line 10, copy
      out.u8(2).uleb(0x10).u8(4).uleb(file + 1).u8(3).sleb(-7).u8(5).uleb(1).u8(1); // at 0x10: the header, 3:1
      out.u8(2).uleb(0x10).u8(4).uleb(file).u8(3).sleb(27).u8(1); // at 0x20: 30:1
      out.u8(2).uleb(0x60).u8(0, 1, 1); // at 0x80: end_sequence
    }),
  ); // prettier-ignore
  const inner = die(at.DW_TAG_subprogram, [[at.DW_AT_name, "strp", "inner"]]);
  const pcs = (from: number, size: number) =>
    [[at.DW_AT_low_pc, "addr", code + from], [at.DW_AT_high_pc, builder.shape.version >= 4 ? "data4" : "addr", builder.shape.version >= 4 ? size : code + from + size]] as const; // prettier-ignore
  const outer = die(at.DW_TAG_subprogram, [[at.DW_AT_name, "strp", "outer"], ...pcs(0, 0x60)], [
    die(at.DW_TAG_lexical_block, pcs(8, 0x38), [
      die(at.DW_TAG_variable, [[at.DW_AT_name, "string", "x"]]),
      die(at.DW_TAG_inlined_subroutine, [
        [at.DW_AT_abstract_origin, "ref4", inner], ...pcs(0x10, 0x10),
        [at.DW_AT_call_file, "data1", file], [at.DW_AT_call_line, "data1", 20], [at.DW_AT_call_column, "data1", 5],
      ]),
    ]),
  ]); // prettier-ignore
  const root = die(at.DW_TAG_compile_unit, [
    [at.DW_AT_name, "string", "kernel/a.c"], [at.DW_AT_stmt_list, builder.shape.version >= 4 ? "sec_offset" : "data4", 0],
    ...pcs(0, 0x80),
  ], [
    die(at.DW_TAG_base_type, [[at.DW_AT_name, "string", "int"], [at.DW_AT_byte_size, "data1", 4]]),
    inner, outer,
    die(at.DW_TAG_subprogram, [[at.DW_AT_name, "string", "second"], ...pcs(0x60, 0x20)]),
  ]); // prettier-ignore
  builder.unit(root);
  return builder;
}

for (const version of [2, 3, 4, 5] as const) {
  for (const [order, addressSize, offsetSize, siblings] of [
    ["little", 8, 4, true],
    ["big", 8, 8, false],
    ["little", 4, 4, false],
    ["big", 4, 4, true],
  ] as const) {
    // Section offsets had no form of eight bytes before DWARF 4, but data8.
    if (offsetSize === 8 && version < 4) continue;
    test(`DWARF ${version}, ${order}-endian, ${addressSize}-byte addresses, ${8 * offsetSize}-bit: functions, inlined calls and lines`, () => {
      const dwarf = twoFunctions({ version, order, addressSize, offsetSize, siblings }).open();
      assert.equal(scopes(dwarf, CODE), "outer kernel/a.c:10:9");
      assert.equal(scopes(dwarf, CODE + 0xfn), "outer kernel/a.c:10:9");
      assert.equal(scopes(dwarf, CODE + 0x10n), "inner inlined include/a.h:3:1 < outer kernel/a.c:20:5");
      assert.equal(scopes(dwarf, CODE + 0x20n), "outer kernel/a.c:30:1");
      assert.equal(scopes(dwarf, CODE + 0x60n), "second kernel/a.c:30:1");
      assert.equal(scopes(dwarf, CODE + 0x80n), "");
      assert.equal(scopes(dwarf, CODE + BigInt(CODE_SIZE)), "");
      assert.equal(dwarf.code.scopes(CODE + 0x10n)[0]?.entry, CODE + 0x10n);
      assert.equal(dwarf.code.scopes(CODE + 0x10n)[1]?.entry, CODE);
    });
  }
}

test("units are found by .debug_aranges, and by their own ranges where that does not have them", () => {
  const builder = twoFunctions({});
  const second = builder.unit(
    die(at.DW_TAG_compile_unit, [[at.DW_AT_low_pc, "addr", code + 0x100], [at.DW_AT_high_pc, "data4", 0x10]], [
      die(at.DW_TAG_subprogram, [[at.DW_AT_name, "string", "third"], [at.DW_AT_low_pc, "addr", code + 0x100], [at.DW_AT_high_pc, "data4", 0x10]]),
    ]),
  ); // prettier-ignore
  builder.section(
    ".debug_aranges",
    builder.sized((out) => {
      out.u16(2).u32(second).u8(8, 0).u32(0); // 12 + 4 bytes of padding
      out.u64(CODE + 0x100n).u64(0x10).u64(0).u64(0); // prettier-ignore
    }),
  );
  const dwarf = builder.open();
  assert.equal(scopes(dwarf, CODE + 0x108n), "third ?:0:0");
  assert.equal(scopes(dwarf, CODE), "outer kernel/a.c:10:9");
});

test("a unit whose set in .debug_aranges is cut is found by its own ranges", () => {
  const builder = twoFunctions({});
  const second = builder.unit(
    die(at.DW_TAG_compile_unit, [[at.DW_AT_low_pc, "addr", code + 0x100], [at.DW_AT_high_pc, "data4", 0x10]], [
      die(at.DW_TAG_subprogram, [[at.DW_AT_name, "string", "third"], [at.DW_AT_low_pc, "addr", code + 0x100], [at.DW_AT_high_pc, "data4", 0x10]]),
    ]),
  ); // prettier-ignore
  const set = builder.sized((out) => {
    out.u16(2).u32(second).u8(8, 0).u32(0);
    out.u64(CODE + 0x100n).u64(0x8).u64(CODE + 0x108n).u64(0x8).u64(0).u64(0); // prettier-ignore
  });
  builder.section(".debug_aranges", set.subarray(0, set.length - 20));
  const dwarf = builder.open();
  assert.equal(scopes(dwarf, CODE + 0x10cn), "third ?:0:0");
});

test("a function in parts is found in each of them", () => {
  for (const version of [4, 5] as const) {
    const builder = new DwarfBuilder({ version });
    const lists = builder.writer();
    let list = 0;
    if (version === 5) {
      // DW_RLE_base_address, two offset pairs, one start_length
      lists.append(builder.sized((out) => out.u16(5).u8(8, 0).u32(0)));
      list = lists.length;
      lists.u8(5).u64(CODE).u8(4).uleb(0x10).uleb(0x20).u8(4).uleb(0x40).uleb(0x50); // prettier-ignore
      lists
        .u8(7)
        .u64(CODE + 0x100n)
        .uleb(0x8)
        .u8(0);
    } else {
      lists.u64(0x10).u64(0x20).u64(0x40).u64(0x50); // prettier-ignore
      lists.u64(0xffffffffffffffffn).u64(CODE + 0x100n).u64(0).u64(8).u64(0).u64(0); // prettier-ignore
    }
    builder.section(version === 5 ? ".debug_rnglists" : ".debug_ranges", lists.done());
    builder.unit(
      die(at.DW_TAG_compile_unit, [[at.DW_AT_low_pc, "addr", code], [at.DW_AT_high_pc, "data4", 0x200]], [
        die(at.DW_TAG_subprogram, [[at.DW_AT_name, "string", "parted"], [at.DW_AT_ranges, "sec_offset", list]]),
      ]),
    ); // prettier-ignore
    const { code: source } = builder.open();
    const named = (offset: bigint): string | undefined => source.scopes(CODE + offset)[0]?.function;
    assert.deepEqual([0xfn, 0x10n, 0x1fn, 0x20n, 0x40n, 0x4fn, 0x50n, 0x100n, 0x107n, 0x108n].map(named),
      [undefined, "parted", "parted", undefined, "parted", "parted", undefined, "parted", "parted", undefined]); // prettier-ignore
    assert.equal(source.scopes(CODE + 0x104n)[0]?.entry, CODE + 0x10n);
  }
});

test("indexed addresses, texts and range lists lead through their tables", () => {
  const builder = new DwarfBuilder();
  const name = builder.text("indexed");
  builder.section(".debug_addr", builder.sized((out) => out.u16(5).u8(8, 0).u64(CODE).u64(CODE + 0x20n))); // prettier-ignore
  builder.section(".debug_str_offsets", builder.sized((out) => out.u16(5).u16(0).u32(0).u32(name))); // prettier-ignore
  // One list, DW_RLE_startx_length of address 1: the table of offsets is 4 bytes, so the list is at 4.
  builder.section(".debug_rnglists", builder.sized((out) => out.u16(5).u8(8, 0).u32(1).u32(4).u8(3).uleb(1).uleb(8).u8(0))); // prettier-ignore
  builder.unit(
    die(at.DW_TAG_compile_unit, [
      [at.DW_AT_low_pc, "addrx", 0], [at.DW_AT_high_pc, "data4", 0x200], [at.DW_AT_str_offsets_base, "sec_offset", 8],
      [at.DW_AT_addr_base, "sec_offset", 8], [at.DW_AT_rnglists_base, "sec_offset", 12],
    ], [
      die(at.DW_TAG_subprogram, [[at.DW_AT_name, "strx1", 1], [at.DW_AT_ranges, "rnglistx", 0]]),
    ]),
  ); // prettier-ignore
  const { code: source } = builder.open();
  assert.equal(source.scopes(CODE + 0x20n)[0]?.function, "indexed");
  assert.equal(source.scopes(CODE + 0x20n)[0]?.entry, CODE + 0x20n);
  assert.deepEqual(source.scopes(CODE + 0x28n), []);
});

test("names are found through instances and specifications, also across units", () => {
  const builder = new DwarfBuilder();
  const declaration = die(at.DW_TAG_subprogram, [[at.DW_AT_name, "string", "method"], [at.DW_AT_declaration, "flag_present", true]]); // prettier-ignore
  const abstract = die(at.DW_TAG_subprogram, [[at.DW_AT_specification, "ref4", declaration]]);
  builder.unit(die(at.DW_TAG_partial_unit, [], [declaration, abstract]));
  builder.unit(
    die(at.DW_TAG_compile_unit, [[at.DW_AT_low_pc, "addr", code], [at.DW_AT_high_pc, "data4", 0x10]], [
      die(at.DW_TAG_namespace, [[at.DW_AT_name, "string", "kernel"]], [
        die(at.DW_TAG_subprogram, [[at.DW_AT_abstract_origin, "ref_addr", abstract], [at.DW_AT_low_pc, "addr", code], [at.DW_AT_high_pc, "data4", 0x10]]),
      ]),
    ]),
  ); // prettier-ignore
  assert.equal(builder.open().code.scopes(CODE)[0]?.function, "method");
});

test("a reference into a file that dwz made is followed, or its absence is reported", () => {
  const supplement = new DwarfBuilder();
  const abstract = die(at.DW_TAG_subprogram, [[at.DW_AT_name, "strp", "shared"]]);
  supplement.unit(die(at.DW_TAG_partial_unit, [], [abstract]));
  const builder = new DwarfBuilder();
  builder.unit(
    die(at.DW_TAG_compile_unit, [[at.DW_AT_low_pc, "addr", code], [at.DW_AT_high_pc, "data4", 0x20]], [
      die(at.DW_TAG_subprogram, [[at.DW_AT_abstract_origin, "GNU_ref_alt", supplement.offsetOf(abstract)], [at.DW_AT_low_pc, "addr", code], [at.DW_AT_high_pc, "data4", 0x10]]),
      die(at.DW_TAG_subprogram, [[at.DW_AT_name, "GNU_strp_alt", supplement.text("shared")], [at.DW_AT_low_pc, "addr", code + 0x10], [at.DW_AT_high_pc, "data4", 0x10]]),
    ]),
  ); // prettier-ignore
  const { code: source } = builder.open({ alternate: supplement.elf() });
  assert.equal(source.scopes(CODE)[0]?.function, "shared");
  assert.equal(source.scopes(CODE + 0x10n)[0]?.function, "shared");
  assert.throws(() => builder.open().code.scopes(CODE)[0]?.function, /supplementary file, which was not given/);
});

test("assembly without functions is named by the symbol that covers it, behind labels within", () => {
  const builder = new DwarfBuilder();
  builder.section(
    ".debug_line",
    lineTable(
      builder,
      {
        directories: ["/src/arch"],
        files: [
          ["entry.S", 1],
          ["entry.S", 1],
        ],
      },
      (out) => {
        out.u8(0, 9, 2).u64(CODE).u8(3).sleb(90).u8(1, 2).uleb(0x40).u8(0, 1, 1);
      },
    ),
  );
  builder.unit(die(at.DW_TAG_compile_unit, [[at.DW_AT_low_pc, "addr", code], [at.DW_AT_high_pc, "data4", 0x40], [at.DW_AT_stmt_list, "sec_offset", 0]])); // prettier-ignore
  const dwarf = builder.open({}, {
    symbols: [
      { name: "entry", value: CODE, size: 0x40 },
      { name: "after_frame", value: CODE + 0x10n, info: 0x10 },
    ],
  }); // prettier-ignore
  assert.equal(scopes(dwarf, CODE + 0x20n), "entry /src/arch/entry.S:91:0");
  assert.deepEqual(dwarf.code.lines?.(CODE + 0x20n), { file: "/src/arch/entry.S", line: 91, column: 0 });
});

test("a relocatable module is read at the places of its sections", () => {
  const builder = new DwarfBuilder();
  const loaded = 0xffffffffc0441000n;
  builder.unit(
    die(at.DW_TAG_compile_unit, [[at.DW_AT_low_pc, "addr", 0], [at.DW_AT_high_pc, "data4", 0x40]], [
      die(at.DW_TAG_subprogram, [[at.DW_AT_name, "string", "probe"], [at.DW_AT_low_pc, "addr", 0], [at.DW_AT_high_pc, "data4", 0x40]]),
    ]),
  ); // prettier-ignore
  // R_X86_64_64 against .text at both addresses: behind unit header, code and sibling; behind DW_AT_high_pc, code and name.
  const table = builder.writer();
  for (const place of [12 + 1 + 4, 12 + 1 + 4 + 8 + 4 + 1 + 6]) table.u64(place).u64((1n << 32n) | 1n).u64(0); // prettier-ignore
  const { code: source } = builder.open(
    { placement: (name) => (name === ".text" ? loaded : undefined) },
    {
      type: 1,
      sections: [
        { name: ".text", flags: TEXT, bytes: new Uint8Array(0x40) },
        { name: ".rela.debug_info", type: 4, bytes: table.done(), info: 3, link: 7 },
      ],
      symbols: [{ name: "", info: 3, section: 1 }],
    },
  );
  assert.equal(source.scopes(loaded + 0x3fn)[0]?.function, "probe");
  assert.equal(source.scopes(loaded + 0x3fn)[0]?.entry, loaded);
  assert.deepEqual(source.scopes(loaded + 0x40n), []);
});

const small = { version: 4, order: "little", addressSize: 8, offsetSize: 4, siblings: true } as const;
const places = [0n, 0x14n, 0x20n, 0x60n, 0x7fn, 0x80n].map((offset) => CODE + offset);
const all = (dwarf: Dwarf): string[] => places.map((pc) => scopes(dwarf, pc));

test("functions that one session found are loaded by the next, and not saved again", () => {
  const first = twoFunctions(small).open({ functions: () => undefined });
  const expected = all(first);
  assert.ok(expected[1]?.startsWith("inner inlined"));
  const saved = first.saveFunctions()!;
  assert.equal(first.saveFunctions(), undefined);
  const next = twoFunctions(small).open({ functions: () => saved });
  assert.deepEqual(all(next), expected);
  assert.equal(next.saveFunctions(), undefined, "all were known");
  // A session that comes to one more hands on those that it was given, too.
  const one = twoFunctions(small).open({ functions: () => undefined });
  scopes(one, CODE);
  const both = twoFunctions(small).open({ functions: () => one.saveFunctions() });
  all(both);
  assert.deepEqual(both.saveFunctions()?.length, saved.length);
});

test("a saved table of functions that is damaged, of another file or truncated is ignored", () => {
  const first = twoFunctions(small).open({ functions: () => undefined });
  const expected = all(first);
  const saved = first.saveFunctions()!;
  for (let at = 0; at < saved.length; at++) {
    const damaged = saved.slice();
    damaged[at]! ^= 0x55;
    assert.deepEqual(all(twoFunctions(small).open({ functions: () => damaged })), expected, `byte ${at}`);
  }
  for (const length of [0, 7, 8, 24, saved.length - 8])
    assert.deepEqual(all(twoFunctions(small).open({ functions: () => saved.subarray(0, length) })), expected);
});
