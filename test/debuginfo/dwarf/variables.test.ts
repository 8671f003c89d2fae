import assert from "node:assert/strict";
import { test } from "node:test";
import type { VariableDeclaration } from "../../../src/debuginfo/source.ts";
import { at, type BuiltAttribute, type BuiltDie, CODE, die, DwarfBuilder, lineTable } from "../../builders/dwarf.ts";

const code = Number(CODE);
const int = die(at.DW_TAG_base_type, [
  [at.DW_AT_name, "string", "int"],
  [at.DW_AT_byte_size, "data1", 4],
  [at.DW_AT_encoding, "data1", 5],
]);
const typed: BuiltAttribute = [at.DW_AT_type, "ref4", int];
const pcs = (from: number, size: number): BuiltAttribute[] => [
  [at.DW_AT_low_pc, "addr", code + from],
  [at.DW_AT_high_pc, "data4", size],
];
const variable = (name: string, ...attributes: BuiltAttribute[]): BuiltDie =>
  die(at.DW_TAG_variable, [[at.DW_AT_name, "strp", name], typed, ...attributes]);
const parameter = (name: string, ...attributes: BuiltAttribute[]): BuiltDie =>
  die(at.DW_TAG_formal_parameter, [[at.DW_AT_name, "strp", name], typed, ...attributes]);
const DW_OP_call_frame_cfa = 0x9c;

/** A unit of one function of 0x100 bytes with those children. */
function variables(builder: DwarfBuilder, children: readonly BuiltDie[], more: readonly BuiltDie[] = []) {
  builder.unit(
    die(
      at.DW_TAG_compile_unit,
      [...pcs(0, 0x100), [at.DW_AT_stmt_list, "sec_offset", 0], [at.DW_AT_loclists_base, "sec_offset", 12]],
      [
        int,
        ...more,
        die(
          at.DW_TAG_subprogram,
          [[at.DW_AT_name, "string", "f"], ...pcs(0, 0x100), [at.DW_AT_frame_base, "exprloc", [DW_OP_call_frame_cfa]]],
          children,
        ),
      ],
    ),
  );
  const { code: source } = builder.open();
  return (offset: bigint, level = 0): readonly VariableDeclaration[] =>
    source.scopes(CODE + offset)[level]?.variables() ?? [];
}

const names = (found: readonly VariableDeclaration[]): string => found.map(({ name }) => name).join(" ");
const bytesOf = (found: VariableDeclaration | undefined): readonly number[] | undefined =>
  found?.location && [...found.location.bytes];

test("variables are those of the blocks that hold the pc, inner ones first and hiding outer ones", () => {
  const at0 = variables(new DwarfBuilder(), [
    parameter("arg", [at.DW_AT_location, "exprloc", [0x55]]),
    variable("x", [at.DW_AT_location, "exprloc", [0x51]]),
    die(at.DW_TAG_lexical_block, pcs(0x10, 0x10), [
      variable("x", [at.DW_AT_location, "exprloc", [0x52]]),
      variable("y"),
    ]),
    die(at.DW_TAG_lexical_block, pcs(0x20, 0x10), [variable("z")]),
  ]);
  assert.equal(names(at0(0n)), "arg x");
  assert.equal(names(at0(0x10n)), "x y arg");
  assert.equal(names(at0(0x20n)), "z arg x");
  assert.deepEqual(bytesOf(at0(0x10n)[0]), [0x52]);
  assert.deepEqual(
    at0(0n).map(({ parameter }) => parameter),
    [true, false],
  );
  assert.equal(at0(0n)[0]?.type.kind, "int");
  const location = at0(0n)[0]?.location;
  assert.deepEqual(location?.kind === "expression" && [...(location.frameBase ?? [])], [DW_OP_call_frame_cfa]);
});

test("a variable of an inlined call has name and type from its origin, and the frame base of the real function", () => {
  const origin = parameter("value", [at.DW_AT_decl_file, "data1", 0], [at.DW_AT_decl_line, "data1", 7]);
  const abstract = die(at.DW_TAG_subprogram, [[at.DW_AT_name, "string", "inlined"]], [origin, variable("dropped")]);
  const builder = new DwarfBuilder();
  builder.section(
    ".debug_line",
    lineTable(builder, { directories: ["include"], files: [["h.h", 1]] }, () => undefined),
  );
  const at0 = variables(
    builder,
    [
      die(
        at.DW_TAG_inlined_subroutine,
        [[at.DW_AT_abstract_origin, "ref4", abstract], ...pcs(0x10, 0x10)],
        [
          die(at.DW_TAG_formal_parameter, [
            [at.DW_AT_abstract_origin, "ref4", origin],
            [at.DW_AT_location, "exprloc", [0x91, 0x70]],
          ]),
        ],
      ),
    ],
    [abstract],
  );
  const [value, ...others] = at0(0x10n);
  assert.deepEqual([value?.name, value?.parameter, value?.type.kind, others.length], ["value", true, "int", 0]);
  assert.deepEqual(value?.declared, { file: "include/h.h", line: 7, column: 0 });
  assert.ok(value?.location?.kind === "expression" && value.location.frameBase?.[0] === DW_OP_call_frame_cfa);
});

test("a constant has the bytes of its type; no expression or an empty one means optimized out", () => {
  for (const [order, expected] of [
    ["little", [0xfe, 0xff, 0xff, 0xff]],
    ["big", [0xff, 0xff, 0xff, 0xfe]],
  ] as const) {
    const at0 = variables(new DwarfBuilder({ order }), [
      variable("constant", [at.DW_AT_const_value, "sdata", -2]),
      variable("block", [at.DW_AT_const_value, "block1", [1, 2, 3, 4]]),
      variable("gone"),
      variable("empty", [at.DW_AT_location, "exprloc", []]),
    ]);
    const [constant, block, gone, empty] = at0(0n);
    assert.equal(constant?.location?.kind, "constant");
    assert.deepEqual(bytesOf(constant), expected);
    assert.deepEqual(bytesOf(block), [1, 2, 3, 4]);
    assert.deepEqual([gone?.location, empty?.location], [undefined, undefined]);
  }
});

test("a location list gives the location of a variable at each pc", () => {
  const builder = new DwarfBuilder();
  const lists = builder.writer().append(builder.sized((out) => out.u16(5).u8(8, 0).u32(1)));
  // A table of one offset, which counts from itself; then the list it leads to.
  lists.u32(4);
  lists.u8(9).uleb(1).uleb(2); // DW_LLE_GNU_view_pair
  lists.u8(4).uleb(0).uleb(0x10).uleb(1).u8(0x50); // offset_pair
  lists
    .u8(6)
    .u64(CODE + 0x20n)
    .u8(4)
    .uleb(0)
    .uleb(0x10)
    .uleb(1)
    .u8(0x51); // base_address, offset_pair
  lists
    .u8(8)
    .u64(CODE + 0x40n)
    .uleb(0x10)
    .uleb(2)
    .u8(0x70, 0); // start_length
  lists
    .u8(7)
    .u64(CODE + 0x60n)
    .u64(CODE + 0x70n)
    .uleb(1)
    .u8(0x53); // start_end
  lists.u8(0);
  const withDefault = lists.length;
  lists.u8(5).uleb(1).u8(0x5f).u8(8).u64(CODE).uleb(8).uleb(1).u8(0x50).u8(0);
  builder.section(".debug_loclists", lists.done());
  const at0 = variables(builder, [
    variable("by_offset", [at.DW_AT_location, "sec_offset", 16]),
    variable("by_index", [at.DW_AT_location, "loclistx", 0]),
    variable("by_default", [at.DW_AT_location, "sec_offset", withDefault]),
  ]);
  for (const [pc, expected] of [
    [0x0n, [0x50]],
    [0x10n, undefined],
    [0x20n, [0x51]],
    [0x45n, [0x70, 0]],
    [0x6fn, [0x53]],
    [0x70n, undefined],
  ] as const) {
    assert.deepEqual(bytesOf(at0(pc)[0]), expected);
    assert.deepEqual(bytesOf(at0(pc)[1]), expected);
  }
  const ranges = (pc: bigint, i: number): unknown =>
    at0(pc)[i]?.ranges.map(({ start, end, expression }) => [start, end, ...expression]);
  for (const i of [0, 1]) {
    const all = [[0, 0x10, 0x50], [0x20, 0x30, 0x51], [0x40, 0x50, 0x70, 0], [0x60, 0x70, 0x53]]; // prettier-ignore
    assert.deepEqual(ranges(0n, i), all);
    // They count from the pc.
    assert.deepEqual(ranges(0x10n, i), all.map(([start = 0, end = 0, ...rest]) => [start - 0x10, end - 0x10, ...rest])); // prettier-ignore
  }
  assert.deepEqual(ranges(0n, 2), [[0, 8, 0x50]]);
  assert.deepEqual(bytesOf(at0(4n)[2]), [0x50]);
  assert.deepEqual(bytesOf(at0(0x80n)[2]), [0x5f]);
});

test("a location list of DWARF 4 and before does so too", () => {
  const builder = new DwarfBuilder({ version: 4 });
  const lists = builder.writer();
  lists.u64(0).u64(0x10).u16(1).u8(0x50);
  lists.u64(0xffffffffffffffffn).u64(CODE + 0x40n);
  lists.u64(0).u64(0x10).u16(2).u8(0x70, 8);
  lists.u64(0).u64(0);
  builder.section(".debug_loc", lists.done());
  const at0 = variables(builder, [variable("x", [at.DW_AT_location, "sec_offset", 0])]);
  assert.deepEqual(
    [0x8n, 0x10n, 0x40n, 0x50n].map((pc) => bytesOf(at0(pc)[0])),
    [[0x50], undefined, [0x70, 8], undefined],
  );
});

test("the arguments of a call are found by its return address", () => {
  for (const [site, parameter, returnPc, origin, passed, target] of [
    [
      at.DW_TAG_call_site,
      at.DW_TAG_call_site_parameter,
      at.DW_AT_call_return_pc,
      at.DW_AT_call_origin,
      at.DW_AT_call_value,
      at.DW_AT_call_target,
    ],
    [
      at.DW_TAG_GNU_call_site,
      at.DW_TAG_GNU_call_site_parameter,
      at.DW_AT_low_pc,
      at.DW_AT_abstract_origin,
      at.DW_AT_GNU_call_site_value,
      at.DW_AT_GNU_call_site_target,
    ],
  ] as const) {
    const callee = die(at.DW_TAG_subprogram, [[at.DW_AT_name, "string", "callee"]]);
    const builder = new DwarfBuilder({ version: site === at.DW_TAG_call_site ? 5 : 4 });
    builder.unit(
      die(at.DW_TAG_compile_unit, pcs(0, 0x100), [
        callee,
        die(at.DW_TAG_subprogram, pcs(0, 0x100), [
          die(at.DW_TAG_lexical_block, pcs(0x10, 0x20), [
            die(
              site,
              [
                [returnPc, "addr", code + 0x20],
                [origin, "ref4", callee],
              ],
              [
                die(parameter, [
                  [at.DW_AT_location, "exprloc", [0x55]],
                  [passed, "exprloc", [0x73, 8]],
                ]),
                die(parameter, [
                  [at.DW_AT_location, "exprloc", [0x90, 40]],
                  [passed, "exprloc", [0x31]],
                ]),
              ],
            ),
          ]),
          die(site, [
            [returnPc, "addr", code + 0x40],
            [target, "exprloc", [0x70, 0]],
          ]),
        ]),
      ]),
    );
    const { code: source } = builder.open();
    const call = source.callSite?.(CODE + 0x20n);
    assert.equal(call?.callee, "callee");
    assert.deepEqual([...(call?.argument(5)?.bytes ?? [])], [0x73, 8]);
    assert.deepEqual([...(call?.argument(40)?.bytes ?? [])], [0x31]);
    assert.equal(call?.argument(4), undefined);
    assert.equal(call?.target, undefined);
    const indirect = source.callSite?.(CODE + 0x40n);
    assert.equal(indirect?.callee, undefined);
    assert.deepEqual([...(indirect?.target?.bytes ?? [])], [0x70, 0]);
    assert.equal(source.callSite?.(CODE + 0x21n), undefined);
  }
});
