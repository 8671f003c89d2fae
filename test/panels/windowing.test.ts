import assert from "node:assert/strict";
import { test } from "node:test";
import { cursorStep, drawnRows, rowsToDraw, nearestCell, scrollFor } from "../../src/panels/windowing.ts";

test("only rows in sight are drawn, and a few around them", () => {
  assert.deepEqual(rowsToDraw(0, 220, 22, 100_000), { first: 0, end: 18 });
  assert.deepEqual(rowsToDraw(22_000, 220, 22, 100_000), { first: 992, end: 1018 });
  assert.deepEqual(rowsToDraw(1e9, 220, 22, 100), { first: 100, end: 100 });
  assert.deepEqual(rowsToDraw(0, 220, 22, 3), { first: 0, end: 3 });
});

test("a visible row stays in place, another is scrolled to the nearer edge", () => {
  assert.equal(scrollFor(5, 0, 220, 22), 0);
  assert.equal(scrollFor(20, 0, 220, 22), 242);
  assert.equal(scrollFor(2, 100, 220, 22), 44);
});

test("rows that must stay in the document are drawn once, in their order", () => {
  assert.deepEqual(drawnRows({ first: 3, end: 6 }, []), [3, 4, 5]);
  assert.deepEqual(drawnRows({ first: 3, end: 6 }, [9, 1, 4, 1]), [1, 3, 4, 5, 9]);
});

test("a key moves the cursor by a cell, a page of at least one row, or to the end", () => {
  const step = (key: string, ctrlKey = false): unknown => cursorStep({ key, ctrlKey }, 0);
  assert.deepEqual(step("ArrowLeft"), { rows: 0, columns: -1 });
  assert.deepEqual(step("PageDown"), { rows: 1, columns: 0 });
  assert.deepEqual(step("End"), { rows: 0, columns: Infinity });
  assert.deepEqual(step("End", true), { rows: Infinity, columns: 0 });
  assert.equal(step("x"), undefined);
});

test("the cursor stays in the table, and in the one cell that the row of a group has", () => {
  const columns = ["pid", "comm", "task"].map((name) => ({ name, kind: "text" as const }));
  const rows = [
    [null, null, null],
    ["1", "init", "0xffff888003a00000"],
  ];
  const list = { columns, rows };
  const groups = {
    columns,
    rows,
    outline: [
      { depth: 0, open: true, heading: { members: "init [1]", name: "do_wait", more: "" } },
      { depth: 1, open: undefined },
    ],
  };
  assert.deepEqual(nearestCell({ row: 0, column: 2 }, list), { row: 0, column: 2 });
  assert.deepEqual(nearestCell({ row: 0, column: 2 }, groups), { row: 0, column: 0 });
  assert.deepEqual(nearestCell({ row: 1, column: 2 }, groups), { row: 1, column: 2 });
  assert.deepEqual(nearestCell({ row: 5, column: Infinity }, list), { row: 1, column: 2 });
  assert.deepEqual(nearestCell({ row: -Infinity, column: -1 }, groups), { row: -1, column: 0 });
  assert.deepEqual(nearestCell({ row: 3, column: 1 }, { columns: [], rows: [] }), { row: -1, column: 0 });
});
