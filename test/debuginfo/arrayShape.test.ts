import assert from "node:assert/strict";
import { test } from "node:test";
import { Fault } from "../../src/base/fault.ts";
import { type BtfOptions, openBtf } from "../../src/debuginfo/btf/btf.ts";
import { bare, type CType, type Member, sizeOf } from "../../src/debuginfo/ctype.ts";
import type { TypeSource } from "../../src/debuginfo/source.ts";
import { BtfBuilder } from "../builders/btf.ts";
import { at, type BuiltAttribute, type BuiltDie, die, DwarfBuilder } from "../builders/dwarf.ts";

type Declared = NonNullable<ReturnType<NonNullable<BtfOptions["declared"]>>>;

const named = (name: string): BuiltAttribute => [at.DW_AT_name, "strp", name];
const typed = (type: BuiltDie): BuiltAttribute => [at.DW_AT_type, "ref4", type];
const sized = (bytes: number): BuiltAttribute => [at.DW_AT_byte_size, "data1", bytes];
const array = (element: BuiltDie, ...counts: (number | undefined)[]): BuiltDie =>
  die(
    at.DW_TAG_array_type,
    [typed(element)],
    counts.map((count) =>
      die(at.DW_TAG_subrange_type, count === undefined ? [] : [[at.DW_AT_upper_bound, "sdata", count - 1]]),
    ),
  );
const member = (name: string, type: BuiltDie, offset: number): BuiltDie =>
  die(at.DW_TAG_member, [
    ...(name === "" ? [] : [named(name)]),
    typed(type),
    [at.DW_AT_data_member_location, "data1", offset],
  ]);

/** `struct psi`, whose arrays have the dimensions that a compiler notes. */
function dwarf(total: readonly number[] = [2, 3]): TypeSource {
  const u32 = die(at.DW_TAG_base_type, [named("u32"), sized(4), [at.DW_AT_encoding, "data1", 7]]);
  const arrays = {
    total: array(u32, ...total),
    inner: array(u32, 3, 1),
    rows: array(u32, undefined, 4),
    grid: array(u32, 1, 4),
    cpu: array(u32, 2, 7),
  };
  const pointer = die(at.DW_TAG_pointer_type, [sized(8), typed(arrays.total)]);
  const anonymous = die(at.DW_TAG_union_type, [sized(12)], [member("inner", arrays.inner, 0)]);
  const psi = die(
    at.DW_TAG_structure_type,
    [named("psi"), sized(44)],
    [
      member("total", arrays.total, 0),
      member("", anonymous, 24),
      member("there", pointer, 36),
      member("rows", arrays.rows, 44),
    ],
  );
  const grid = die(at.DW_TAG_typedef, [named("grid_t"), typed(arrays.grid)]);
  const cpu = die(at.DW_TAG_variable, [named("per_cpu_times"), typed(arrays.cpu), [at.DW_AT_location, "exprloc", [3, 0, 0, 0, 0, 0, 0, 0, 0]]]); // prettier-ignore
  const builder = new DwarfBuilder({});
  builder.unit(die(at.DW_TAG_compile_unit, [], [u32, ...Object.values(arrays), pointer, anonymous, psi, grid, cpu]));
  return builder.open().types;
}

/** The same as pahole writes it. */
function btf(declared: () => Declared | undefined) {
  const b = new BtfBuilder();
  const u32 = b.int("u32", 4);
  const six = b.array(u32, u32, 6);
  const union = b.union("", 12, [["inner", b.array(u32, u32, 3), 0]]);
  b.struct("psi", 44, [
    ["total", six, 0],
    ["", union, 24 * 8],
    ["there", b.pointer(six), 36 * 8],
    ["rows", b.array(u32, u32, 0), 44 * 8],
  ]);
  b.typedef("grid_t", b.array(u32, u32, 4));
  b.variable("per_cpu_times", b.array(u32, u32, 14));
  return openBtf(b.bytes(), { declared });
}

const counts = (type: CType): (number | undefined)[] => {
  const at = bare(type);
  return at.kind === "array" ? [at.count, ...counts(at.element)] : [];
};

const membersOf = (source: Pick<TypeSource, "find">): readonly Member[] => {
  const psi = source.find("struct", "psi");
  return psi?.kind === "struct" ? psi.members : [];
};

const typeOf = (source: Pick<TypeSource, "find">, name: string): CType =>
  membersOf(source).find((one) => one.name === name)!.type;

test("arrays that BTF flattens have the dimensions that DWARF declares", () => {
  const source = btf(() => dwarf());
  const total = bare(typeOf(source, "total"));
  assert.deepEqual(counts(total), [2, 3]);
  assert.equal(total.kind === "array" && sizeOf(total.element), 12);
  const union = bare(membersOf(source)[1]!.type);
  assert.deepEqual(union.kind === "union" && counts(union.members[0]!.type), [3, 1]);
  const there = bare(typeOf(source, "there"));
  assert.deepEqual(there.kind === "pointer" && counts(there.target), [2, 3]);
  assert.deepEqual(counts(typeOf(source, "rows")), [undefined, 4]);
  assert.deepEqual(counts(source.find("typedef", "grid_t")!), [1, 4]);
  assert.deepEqual(counts(source.variable("per_cpu_times")!), [2, 7]);
});

test("types that DWARF lacks or contradicts are those of BTF", () => {
  const broken = (): never => {
    throw Fault.of("corrupt", "a broken unit");
  };
  const others = [undefined, dwarf([2, 4]), { find: () => undefined, variable: () => undefined }, { find: broken, variable: broken }]; // prettier-ignore
  for (const other of others)
    assert.deepEqual(
      counts(
        typeOf(
          btf(() => other),
          "total",
        ),
      ),
      [6],
    );
});

test("DWARF gives the elements of an array, not its size", () => {
  let questions = 0;
  const types = dwarf();
  const source = btf(() => ({
    find: (kind, name) => (questions++, types.find(kind, name)),
    variable: (name) => types.variable(name),
  }));
  assert.deepEqual([sizeOf(typeOf(source, "total")), sizeOf(typeOf(source, "rows")), questions], [24, 0, 0]);
  assert.deepEqual([counts(typeOf(source, "total")), questions > 0], [[2, 3], true]);
});

test("late debuginfo adds dimensions to types that are already in use", () => {
  const late: { types?: TypeSource } = {};
  const total = typeOf(
    btf(() => late.types),
    "total",
  );
  assert.deepEqual(counts(total), [6]);
  late.types = dwarf();
  assert.deepEqual(counts(total), [2, 3]);
});
