import assert from "node:assert/strict";
import { test } from "node:test";
import { cursorStep, drawnRows, inSight, scrollFor } from "../../src/panels/windowing.ts";

test("only rows in sight are drawn, and a few around them", () => {
  assert.deepEqual(inSight(0, 220, 22, 100_000), { first: 0, end: 18 });
  assert.deepEqual(inSight(22_000, 220, 22, 100_000), { first: 992, end: 1018 });
  assert.deepEqual(inSight(1e9, 220, 22, 100), { first: 100, end: 100 });
  assert.deepEqual(inSight(0, 220, 22, 3), { first: 0, end: 3 });
});

test("a row in sight stays where it is, another is brought to the nearer edge", () => {
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
