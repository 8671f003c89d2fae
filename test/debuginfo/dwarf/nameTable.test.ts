import assert from "node:assert/strict";
import { test } from "node:test";
import { NameTable } from "../../../src/debuginfo/dwarf/nameTable.ts";

const SIZES = { infoSize: 1e9, strSize: 1e9 };

test("a table with more names in DIEs than a call has arguments is saved and restored", () => {
  const table = new NameTable();
  const count = 300_000;
  for (let i = 0; i < count; i++) table.add(i, 1, `name${i}`, i);
  const { table: restored } = NameTable.load(table.save(SIZES, [0], 1), SIZES);
  const last = restored.newest(count - 1);
  assert.equal(restored.text(last), `name${count - 1}`);
});

test("a saved table whose names were overwritten with zeros is read without an exception", () => {
  const table = new NameTable();
  table.add(1, 1, "x".repeat(300_000), 5);
  const bytes = table.save(SIZES, [0], 1);
  bytes.fill(0, bytes.length - 300_000);
  const { table: restored } = NameTable.load(bytes, SIZES);
  assert.equal(restored.text(restored.newest(1)), "");
});

test("a saved table is read from any position of a larger buffer", () => {
  const table = new NameTable();
  table.add(7, 1, "init_task", 5);
  const saved = table.save(SIZES, [0], 1);
  const larger = Buffer.alloc(saved.length + 3);
  larger.set(saved, 3);
  const { table: restored } = NameTable.load(larger.subarray(3), SIZES);
  assert.equal(restored.text(restored.newest(7)), "init_task");
});

test("a saved table of other sections is refused", () => {
  const saved = new NameTable().save(SIZES, [0], 1);
  assert.throws(() => NameTable.load(saved, { ...SIZES, strSize: 5 }), /damaged or belongs to another file/);
});
