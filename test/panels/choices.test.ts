import assert from "node:assert/strict";
import { test } from "node:test";
import { choicesOf, chosenRows } from "../../src/panels/choices.ts";
import type { GridRow } from "../../src/panels/rows.ts";
import type { GridColumn } from "../../src/protocol/grid.ts";

const columns: readonly GridColumn[] = [
  { name: "kind", kind: "text" },
  { name: "cpu", kind: "number" },
  { name: "comm", kind: "text" },
  { name: "pid", kind: "number" },
];
const rows: readonly GridRow[] = [
  ["trace", 10, "busybox", 44],
  ["trace", 2, "busybox", 44],
  ["run", 2, "sleeper", 90],
  ["log", null, null, null],
];
const lists = [["kind"], ["cpu"], ["comm", "pid"]];

test("each list has the values of its columns in order, with how many rows have them", () => {
  const shown = choicesOf(columns, rows, lists).map(({ title, options }) => [
    title,
    ...options.map(({ value, count }) => `${value} (${count})`),
  ]);
  assert.deepEqual(shown, [
    ["Kind", "log (1)", "run (1)", "trace (2)"],
    ["CPU", "2 (2)", "10 (1)", "none (1)"],
    ["Comm", "busybox 44 (2)", "sleeper 90 (1)", "none (1)"],
  ]);
});

test("numbers of a list are in the order of their values, before text", () => {
  const numbers = ["word", "1.9", "-2", "1.10", "-1", "10"].map((value): GridRow => [value, 0]);
  const [list] = choicesOf(columns, numbers, [["kind"]]);
  assert.deepEqual(
    list?.options.map(({ value }) => value),
    ["-2", "-1", "1.10", "1.9", "10", "word"],
  );
});

test("a list with one value, or without its columns, is left out", () => {
  assert.deepEqual(choicesOf(columns, rows.slice(0, 2), [["kind"], ["comm"], ["absent"]]), []);
});

test("a long list has the most frequent values, and says how many others there are", () => {
  const many = Array.from({ length: 250 }, (_, i): GridRow => ["run", i % 249]);
  const [list] = choicesOf(columns, many, [["cpu"]]);
  assert.equal(list?.options.length, 200);
  assert.equal(list?.more, 49);
  assert.deepEqual(list?.options[0], { value: "0", count: 2 });
});

test("the rows of all chosen values remain, those without a value among them", () => {
  assert.deepEqual(chosenRows(columns, rows, lists, { CPU: "2", Comm: "busybox 44" }), [rows[1]]);
  assert.deepEqual(chosenRows(columns, rows, lists, { CPU: "none" }), [rows[3]]);
  assert.equal(chosenRows(columns, rows, lists, {}), rows);
});
