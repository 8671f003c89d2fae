import assert from "node:assert/strict";
import { test } from "node:test";
import { attempt, Fault } from "../../../src/base/fault.ts";
import type { Dwarf } from "../../../src/debuginfo/dwarf/dwarf.ts";
import { NameTable } from "../../../src/debuginfo/dwarf/nameTable.ts";
import { at, type BuiltDie, die, DwarfBuilder } from "../../builders/dwarf.ts";
import { mutated } from "../../fuzz/mutate.ts";

/** A type whose name stands in .debug_str, one whose name stands in its DIE. */
const int = (name: string, form: "strp" | "string" = "strp"): BuiltDie =>
  die(at.DW_TAG_base_type, [[at.DW_AT_name, form, name], [at.DW_AT_byte_size, "data1", 4], [at.DW_AT_encoding, "data1", 5]]); // prettier-ignore

// Binding << 4 | type, by the gABI; a weak function is code wherever it lies.
const WEAK_FUNCTION = 0x22;
const GLOBAL_OBJECT = 0x11;
const SHN_ABS = 0xfff1;

function opened(names: readonly string[], saved?: () => Uint8Array | undefined): Dwarf {
  const builder = new DwarfBuilder({});
  for (const name of names) builder.unit(die(at.DW_TAG_compile_unit, [], [int(name), int("tiny", "string")]));
  return builder.open(saved ? { names: saved } : {});
}

const namesOf = ({ types }: Dwarf): string[] => Array.from(types.names(), ({ name }) => name);

test("an index is saved once, after all units were read", () => {
  const dwarf = opened(["first", "second", "third"]);
  assert.equal(dwarf.saveNames(), undefined);
  assert.ok(dwarf.types.find("int", "second"));
  assert.equal(dwarf.saveNames(), undefined);
  assert.deepEqual(namesOf(dwarf), ["first", "tiny", "second", "third"]);
  assert.ok(dwarf.saveNames());
  assert.equal(dwarf.saveNames(), undefined);
});

test("whether a function name is also a variable's is known from the symbols, without reading a unit", () => {
  const builder = new DwarfBuilder({});
  const type = int("own");
  const variable = (name: string): BuiltDie =>
    die(at.DW_TAG_variable, [
      [at.DW_AT_name, "strp", name],
      [at.DW_AT_type, "ref4", type],
    ]);
  builder.unit(die(at.DW_TAG_compile_unit, [], [int("code")]));
  builder.unit(die(at.DW_TAG_compile_unit, [], [type, variable("both"), variable("data")]));
  const dwarf = builder.open(
    {},
    {
      symbols: [
        { name: "code", value: 0x1000n, info: WEAK_FUNCTION, section: SHN_ABS },
        { name: "both", value: 0x1010n, info: WEAK_FUNCTION, section: SHN_ABS },
        { name: "both", value: 0x2000n, info: GLOBAL_OBJECT, section: SHN_ABS },
        { name: "data", value: 0x2010n, info: GLOBAL_OBJECT, section: SHN_ABS },
      ],
    },
  );
  assert.equal(dwarf.types.variable("code"), undefined);
  assert.equal(dwarf.types.declaredAt?.("code"), undefined);
  assert.equal(dwarf.saveNames(), undefined);
  for (const name of ["both", "data"]) assert.equal(dwarf.types.variable(name)?.kind, "int");
});

test("a saved index gives the same answers, and is loaded with the first name", () => {
  const first = opened(["first", "second", "third"]);
  const names = namesOf(first);
  const saved = first.saveNames();
  let asked = 0;
  const second = opened(["first", "second", "third"], () => (asked++, saved));
  assert.equal(asked, 0);
  for (const name of names) assert.deepEqual(second.types.find("int", name), first.types.find("int", name));
  assert.equal(second.types.find("int", "fourth"), undefined);
  assert.deepEqual(namesOf(second), names);
  assert.equal(asked, 1);
  assert.equal(second.saveNames(), undefined);
});

test("an index of other sections is ignored", () => {
  const other = opened(["first", "second"]);
  namesOf(other);
  const saved = other.saveNames();
  assert.deepEqual(namesOf(opened(["another", "name", "here"], () => saved)), ["another", "tiny", "name", "here"]);
});

const sizes = { infoSize: 100_000, strSize: 50_000 };

function filled(count: number): NameTable {
  const table = new NameTable();
  for (let i = 0; i < count; i++) table.add(i % 300, i % 7, i % 10 === 0 ? `own${i}` : i, 20 * i);
  return table;
}

/** Every entry of the chain of a hash. */
function chain(table: NameTable, hash: number): (readonly [number, number | string, number])[] {
  const found: (readonly [number, number | string, number])[] = [];
  for (let i = table.newest(hash); i >= 0; i = table.after(i)) found.push([table.kind(i), table.text(i), table.die(i)]);
  return found;
}

test("a table grows beyond its loaded size and keeps its chains", () => {
  const { table, scanned, next } = NameTable.load(filled(3000).save(sizes, [0, 500, 900], 1200), sizes);
  assert.deepEqual([scanned, next], [[0, 500, 900], 1200]);
  const whole = filled(4000);
  for (let i = 3000; i < 4000; i++) table.add(i % 300, i % 7, i % 10 === 0 ? `own${i}` : i, 20 * i);
  assert.equal(table.count, 4000);
  for (let hash = 0; hash < 300; hash++) assert.deepEqual(chain(table, hash), chain(whole, hash));
});

test("a damaged table is refused, or holds only offsets within its sections", () => {
  const bytes = filled(60).save(sizes, [0, 500], Infinity);
  let seed = 7;
  const below = (limit: number): number => (seed = (Math.imul(seed, 1103515245) + 12345) >>> 0) % limit;
  let refused = 0;
  for (let i = 0; i < 2000; i++) {
    const loaded = attempt(() => NameTable.load(mutated(bytes, below), sizes));
    if (loaded instanceof Fault) refused++;
    else
      for (let hash = 0; hash < 300; hash++)
        for (const [, text, at_] of chain(loaded.table, hash))
          assert.ok(at_ < sizes.infoSize && (typeof text === "string" || text < sizes.strSize));
  }
  assert.ok(refused > 100, `${refused} refused`);
});
