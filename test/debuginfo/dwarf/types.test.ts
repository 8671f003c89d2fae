import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type ArrayType,
  type CType,
  type EnumType,
  type FunctionType,
  type StructType,
  sizeOf,
} from "../../../src/debuginfo/ctype.ts";
import type { TypeSource } from "../../../src/debuginfo/source.ts";
import {
  at,
  type BuiltAttribute,
  type BuiltDie,
  CODE,
  die,
  DwarfBuilder,
  type DwarfShape,
  type FormName,
} from "../../builders/dwarf.ts";

const named = (name: string): BuiltAttribute => [at.DW_AT_name, "strp", name];
const typed = (type: BuiltDie): BuiltAttribute => [at.DW_AT_type, "ref4", type];
const sized = (bytes: number): BuiltAttribute => [at.DW_AT_byte_size, "data1", bytes];
const base = (name: string, bytes: number, encoding: number): BuiltDie =>
  die(at.DW_TAG_base_type, [named(name), sized(bytes), [at.DW_AT_encoding, "data1", encoding]]);

const int = base("int", 4, 5);
const long = base("long unsigned int", 8, 7);
const char = base("char", 1, 6);

function types(children: readonly BuiltDie[], shape: DwarfShape = {}): TypeSource {
  const builder = new DwarfBuilder(shape);
  builder.unit(die(at.DW_TAG_compile_unit, [], [int, long, char, ...children]));
  return builder.open().types;
}

const struct = (source: TypeSource, name: string): StructType => source.find("struct", name) as StructType;
const member = (name: string, type: BuiltDie, offset: number, form: FormName = "data1"): BuiltDie =>
  die(at.DW_TAG_member, [named(name), typed(type), [at.DW_AT_data_member_location, form, offset]]);

test("base types have the size, sign and encoding that DWARF gives them", () => {
  const source = types([base("_Bool", 1, 2), base("unsigned char", 1, 8), base("double", 8, 4)]);
  assert.deepEqual(source.find("int", "int"), { kind: "int", name: "int", size: 4, signed: true, encoding: "int" });
  assert.deepEqual(source.find("int", "char"), { kind: "int", name: "char", size: 1, signed: true, encoding: "char" });
  assert.deepEqual(source.find("int", "_Bool"), {
    kind: "int",
    name: "_Bool",
    size: 1,
    signed: false,
    encoding: "bool",
  });
  assert.deepEqual(source.find("int", "unsigned char"), {
    kind: "int",
    name: "unsigned char",
    size: 1,
    signed: false,
    encoding: "char",
  });
  assert.deepEqual(source.find("int", "double"), { kind: "float", name: "double", size: 8 });
});

test("a struct has its members, anonymous ones too, and pointers lead back to it", () => {
  const node: BuiltDie = die(at.DW_TAG_structure_type, [named("node"), sized(32)], []);
  const pointer = die(at.DW_TAG_pointer_type, [sized(8), typed(node)]);
  const inner = die(at.DW_TAG_union_type, [sized(8)], [member("a", int, 0), member("b", long, 0)]);
  (node.children as BuiltDie[]).push(
    member("next", pointer, 0),
    die(at.DW_TAG_member, [typed(inner), [at.DW_AT_data_member_location, "implicit_const", 8]]),
    member("old", int, 0x10, "udata"),
    die(at.DW_TAG_member, [named("older"), typed(int), [at.DW_AT_data_member_location, "exprloc", [0x23, 0x94, 0x01]]]),
  );
  const type = struct(types([node, pointer, inner]), "node");
  assert.deepEqual([type.kind, type.size, type.incomplete], ["struct", 32, false]);
  assert.deepEqual(
    type.members.map(({ name, bitOffset, bitSize }) => [name, bitOffset, bitSize]),
    [
      ["next", 0, undefined],
      [undefined, 64, undefined],
      ["old", 128, undefined],
      ["older", 8 * 148, undefined],
    ],
  );
  const next = type.members[0]!.type;
  assert.ok(next.kind === "pointer" && next.target === type);
  const anonymous = type.members[1]!.type as StructType;
  assert.deepEqual([anonymous.kind, anonymous.name, anonymous.members.length], ["union", undefined, 2]);
});

for (const [order, expected] of [
  [
    "little",
    [
      [0, 3],
      [3, 5],
      [32, 1],
    ],
  ],
  [
    "big",
    [
      [0, 3],
      [3, 5],
      [32, 1],
    ],
  ],
] as const) {
  test(`bit-fields of a ${order}-endian target count as DW_AT_data_bit_offset does, the old way of telling them too`, () => {
    const field = (name: string, bits: number, ...where: readonly BuiltAttribute[]): BuiltDie =>
      die(at.DW_TAG_member, [named(name), typed(int), [at.DW_AT_bit_size, "data1", bits], ...where]);
    const modern = die(
      at.DW_TAG_structure_type,
      [named("modern"), sized(8)],
      [
        field("a", 3, [at.DW_AT_data_bit_offset, "data1", 0]),
        field("b", 5, [at.DW_AT_data_bit_offset, "data1", 3]),
        field("c", 1, [at.DW_AT_data_bit_offset, "data1", 32]),
      ],
    );
    // From the most significant bit of a storage unit of four bytes.
    const fromTop = (first: number, bits: number): number => (order === "little" ? 32 - first - bits : first);
    const old = die(
      at.DW_TAG_structure_type,
      [named("old"), sized(8)],
      [
        field(
          "a",
          3,
          sized(4),
          [at.DW_AT_bit_offset, "data1", fromTop(0, 3)],
          [at.DW_AT_data_member_location, "data1", 0],
        ),
        field("b", 5, [at.DW_AT_bit_offset, "data1", fromTop(3, 5)]),
        field(
          "c",
          1,
          sized(4),
          [at.DW_AT_bit_offset, "data1", fromTop(0, 1)],
          [at.DW_AT_data_member_location, "data1", 4],
        ),
      ],
    );
    const source = types([modern, old], { order });
    for (const name of ["modern", "old"]) {
      assert.deepEqual(
        struct(source, name).members.map(({ bitOffset, bitSize }) => [bitOffset, bitSize]),
        expected,
        name,
      );
    }
  });
}

test("arrays have a dimension each, a flexible one has no count", () => {
  const bound = (form: FormName, value: number): BuiltDie =>
    die(at.DW_TAG_subrange_type, [[at.DW_AT_upper_bound, form, value]]);
  const grid = die(
    at.DW_TAG_array_type,
    [typed(int)],
    [bound("data1", 1), die(at.DW_TAG_subrange_type, [[at.DW_AT_count, "data1", 3]])],
  );
  const page = die(at.DW_TAG_array_type, [typed(char)], [bound("data1", 255)]);
  const flexible = die(at.DW_TAG_array_type, [typed(int)], [die(at.DW_TAG_subrange_type)]);
  const empty = die(at.DW_TAG_array_type, [typed(int)], [bound("sdata", -1)]);
  const variable = die(
    at.DW_TAG_array_type,
    [typed(int)],
    [die(at.DW_TAG_subrange_type, [[at.DW_AT_upper_bound, "exprloc", [0x30]]])],
  );
  const all = die(
    at.DW_TAG_structure_type,
    [named("arrays"), sized(1)],
    [grid, page, flexible, empty, variable].map((type, i) => member(`m${i}`, type, 0)),
  );
  const counts = (type: CType): (number | undefined)[] =>
    type.kind === "array" ? [type.count, ...counts(type.element)] : [];
  const members = struct(types([grid, page, flexible, empty, variable, all]), "arrays").members;
  assert.deepEqual(
    members.map(({ type }) => counts(type)),
    [[2, 3], [256], [undefined], [0], [undefined]],
  );
  assert.deepEqual(
    members.map(({ type }) => sizeOf(type)),
    [24, 256, 0, 0, 0],
  );
  assert.equal(((members[0]!.type as ArrayType).element as ArrayType).element.kind, "int");
});

test("an enum is signed by its encoding, its type, or its values", () => {
  const values = [
    die(at.DW_TAG_enumerator, [named("MINUS"), [at.DW_AT_const_value, "sdata", -1]]),
    die(at.DW_TAG_enumerator, [named("TEN"), [at.DW_AT_const_value, "data1", 10]]),
  ];
  const source = types([
    die(at.DW_TAG_enumeration_type, [named("by_type"), sized(4), typed(int)], values),
    die(at.DW_TAG_enumeration_type, [named("by_encoding"), sized(4), [at.DW_AT_encoding, "data1", 7]], values),
    die(at.DW_TAG_enumeration_type, [named("by_value"), sized(4)], values),
  ]);
  const read = (name: string) => source.find("enum", name) as EnumType;
  for (const name of ["by_type", "by_value"]) {
    assert.equal(read(name).signed, true, name);
    assert.deepEqual(read(name).values, [
      { name: "MINUS", value: -1n },
      { name: "TEN", value: 10n },
    ]);
  }
  assert.equal(read("by_encoding").signed, false);
  assert.deepEqual(read("by_encoding").values[0], { name: "MINUS", value: 0xffffffffn });
});

test("qualifiers, typedefs, void and functions are decoded", () => {
  const callback = die(
    at.DW_TAG_subroutine_type,
    [typed(int)],
    [die(at.DW_TAG_formal_parameter, [typed(long)]), die(at.DW_TAG_unspecified_parameters)],
  );
  const voidPointer = die(at.DW_TAG_pointer_type, [sized(8)]);
  const constant = die(at.DW_TAG_const_type, [typed(int)]);
  const source = types([
    callback,
    voidPointer,
    constant,
    die(at.DW_TAG_typedef, [named("callback_t"), typed(callback)]),
    die(at.DW_TAG_typedef, [named("cookie_t"), typed(voidPointer)]),
    die(at.DW_TAG_typedef, [named("cint_t"), typed(constant)]),
    die(
      at.DW_TAG_subprogram,
      [named("printk"), typed(int), [at.DW_AT_declaration, "flag_present", true]],
      [die(at.DW_TAG_formal_parameter, [named("fmt"), typed(char)]), die(at.DW_TAG_unspecified_parameters)],
    ),
  ]);
  const target = (name: string): CType => {
    const type = source.find("typedef", name)!;
    return type.kind === "typedef" ? type.target : type;
  };
  const called = target("callback_t") as FunctionType;
  assert.deepEqual(
    [called.kind, called.returns.kind, called.parameters.length, called.variadic],
    ["function", "int", 1, true],
  );
  const pointer = target("cookie_t");
  assert.ok(pointer.kind === "pointer" && pointer.target.kind === "void");
  const qualified = target("cint_t");
  assert.ok(qualified.kind === "qualified" && qualified.qualifier === "const" && qualified.target.kind === "int");
  const printk = source.function("printk") as FunctionType;
  assert.deepEqual([printk.parameters[0]?.name, printk.variadic], ["fmt", true]);
});

test("a type unit is found by its signature and its type by name, in DWARF 4 and 5", () => {
  for (const version of [4, 5] as const) {
    const builder = new DwarfBuilder({ version });
    const whole = die(at.DW_TAG_structure_type, [named("shared"), sized(4)], [member("x", int, 0)]);
    const signature = 0xfeedface12345678n;
    builder.unit(die(at.DW_TAG_type_unit, [], [int, whole]), { signature, die: whole });
    const stub = die(at.DW_TAG_structure_type, [
      [at.DW_AT_declaration, "flag_present", true],
      [at.DW_AT_signature, "ref_sig8", signature],
    ]);
    builder.unit(die(at.DW_TAG_compile_unit, [], [stub, die(at.DW_TAG_typedef, [named("shared_t"), typed(stub)])]));
    const { types: source } = builder.open();
    assert.deepEqual([struct(source, "shared").size, struct(source, "shared").incomplete], [4, false]);
    const type = source.find("typedef", "shared_t")!;
    const target = type.kind === "typedef" ? (type.target as StructType) : undefined;
    assert.deepEqual([target?.name, target?.size, target?.incomplete, target?.members.length], ["shared", 4, false, 1]);
  }
});

test("a base type of a type unit is found by its signature", () => {
  const builder = new DwarfBuilder({ version: 5 });
  const signature = 0x1234n;
  builder.unit(die(at.DW_TAG_type_unit, [], [int]), { signature, die: int });
  const stub = die(at.DW_TAG_base_type, [[at.DW_AT_signature, "ref_sig8", signature]]);
  builder.unit(die(at.DW_TAG_compile_unit, [], [stub, die(at.DW_TAG_typedef, [named("number_t"), typed(stub)])]));
  const type = builder.open().types.find("typedef", "number_t");
  const target = type?.kind === "typedef" ? type.target : undefined;
  assert.deepEqual([target?.kind, target?.kind === "int" && [target.name, target.size]], ["int", ["int", 4]]);
});

test("an image that was split names a file that has what it leaves out", () => {
  const dwoName = { 4: 0x2130, 5: 0x76 };
  for (const version of [4, 5] as const) {
    const builder = new DwarfBuilder({ version });
    builder.unit(die(at.DW_TAG_compile_unit, [named("entry.S")], []));
    assert.equal(builder.open().splitInto(), undefined);
    builder.unit(die(at.DW_TAG_compile_unit, [[dwoName[version], "string", "kernel/fork.dwo"]], []));
    assert.equal(builder.open().splitInto(), "kernel/fork.dwo");
  }
});

test("a complete type in a later unit is preferred to a declaration in an earlier one", () => {
  const builder = new DwarfBuilder();
  const declared = (name: string): BuiltDie =>
    die(at.DW_TAG_structure_type, [named(name), [at.DW_AT_declaration, "flag_present", true]]);
  builder.unit(die(at.DW_TAG_compile_unit, [], [declared("task"), declared("opaque")]));
  builder.unit(die(at.DW_TAG_compile_unit, [], [die(at.DW_TAG_structure_type, [named("task"), sized(64)])]));
  const { types: source } = builder.open();
  assert.equal(struct(source, "task").incomplete, false);
  assert.equal(struct(source, "opaque").incomplete, true);
  assert.equal(source.find("struct", "nothing"), undefined);
  assert.equal(source.find("union", "task"), undefined);
  assert.deepEqual(
    [...source.names()],
    [
      { kind: "struct", name: "task" },
      { kind: "struct", name: "opaque" },
    ],
  );
});

test("a name is found inline, in .debug_str, or at the end of another text there", () => {
  const builder = new DwarfBuilder();
  const tail = builder.text("some_long_type_name") + "some_".length;
  builder.section(
    ".debug_str_offsets",
    builder.sized((out) => out.u16(5).u16(0).u32(builder.text("by_index"))),
  );
  builder.unit(
    die(
      at.DW_TAG_compile_unit,
      [[at.DW_AT_str_offsets_base, "sec_offset", 8]],
      [
        die(at.DW_TAG_structure_type, [[at.DW_AT_name, "string", "u8"], sized(1)]),
        die(at.DW_TAG_structure_type, [[at.DW_AT_name, "strx1", 0], sized(2)]),
        die(at.DW_TAG_structure_type, [[at.DW_AT_name, "strp", "whole_name"], sized(3)]),
        die(at.DW_TAG_structure_type, [[at.DW_AT_name, "strp", tail], sized(4)]),
      ],
    ),
  );
  const { types: source } = builder.open();
  assert.deepEqual(
    ["u8", "by_index", "whole_name", "long_type_name"].map((name) => struct(source, name).size),
    [1, 2, 3, 4],
  );
});

test("a variable's type comes from a declaration, unless only the definition has the length of its array", () => {
  const builder = new DwarfBuilder();
  const open = die(at.DW_TAG_array_type, [typed(int)], [die(at.DW_TAG_subrange_type)]);
  const external: BuiltAttribute = [at.DW_AT_declaration, "flag_present", true];
  const table = die(at.DW_TAG_variable, [named("table"), typed(open), external]);
  builder.unit(
    die(
      at.DW_TAG_compile_unit,
      [],
      [int, open, table, die(at.DW_TAG_variable, [named("jiffies"), typed(int), external])],
    ),
  );
  const ten = die(at.DW_TAG_array_type, [typed(long)], [die(at.DW_TAG_subrange_type, [[at.DW_AT_count, "data1", 10]])]);
  builder.unit(
    die(
      at.DW_TAG_compile_unit,
      [],
      [
        long,
        ten,
        die(at.DW_TAG_variable, [
          [at.DW_AT_specification, "ref_addr", table],
          typed(ten),
          [at.DW_AT_location, "exprloc", [0x03, 0, 0, 0, 0, 0, 0, 0, 0]],
        ]),
      ],
    ),
  );
  const { types: source } = builder.open();
  assert.equal(sizeOf(source.variable("table")!), 80);
  assert.equal(source.variable("jiffies")?.kind, "int");
  assert.equal(source.variable("nothing"), undefined);
});

test("a function with a symbol is found through its code", () => {
  const builder = new DwarfBuilder();
  const code = Number(CODE);
  builder.unit(
    die(
      at.DW_TAG_compile_unit,
      [
        [at.DW_AT_low_pc, "addr", code],
        [at.DW_AT_high_pc, "data4", 0x20],
      ],
      [
        int,
        die(at.DW_TAG_subprogram, [
          named("panic"),
          typed(int),
          [at.DW_AT_low_pc, "addr", code],
          [at.DW_AT_high_pc, "data4", 0x20],
        ]),
      ],
    ),
  );
  const { types: source } = builder.open({}, { symbols: [{ name: "panic", value: CODE }] });
  const type = source.function("panic");
  assert.ok(type?.kind === "function" && type.returns.kind === "int");
  assert.equal(source.function("nothing"), undefined);
});

test("names that another file has, and units that are broken, hide no other names", () => {
  const builder = new DwarfBuilder();
  builder.unit(
    die(at.DW_TAG_compile_unit, [], [
      die(at.DW_TAG_structure_type, [[at.DW_AT_name, "GNU_strp_alt", 1], sized(1)]),
      die(at.DW_TAG_structure_type, [named("behind_it"), sized(2)]),
    ]),
  ); // prettier-ignore
  builder.unit(
    die(at.DW_TAG_compile_unit, [], [die(at.DW_TAG_typedef, [[at.DW_AT_type, "ref4", 0], named("broken")])]),
  );
  builder.unit(die(at.DW_TAG_compile_unit, [], [die(at.DW_TAG_structure_type, [named("last_one"), sized(3)])]));
  const { types: source } = builder.open();
  assert.deepEqual([struct(source, "behind_it").size, struct(source, "last_one").size], [2, 3]);
  assert.equal(source.find("struct", "not_to_be_had"), undefined);
});
