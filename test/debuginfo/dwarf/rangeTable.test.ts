import assert from "node:assert/strict";
import { test } from "node:test";
import { RangeTable } from "../../../src/debuginfo/dwarf/rangeTable.ts";

/** More than are answered before the ranges are put in order. */
const MANY = 100;

function tableOf(ranges: readonly (readonly [start: number, end: number, value: number])[]): RangeTable {
  const table = new RangeTable(2);
  for (const range of ranges) table.add(...range);
  return table;
}

/** The same question over and over: at first by a pass over all ranges, then by a search through them in order. */
function answers(table: RangeTable, pc: number): unknown[] {
  return [...new Set(Array.from({ length: MANY }, () => JSON.stringify(table.at(pc))))];
}

test("first and later look-ups give the same results, in whatever order ranges were added", () => {
  const ranges = Array.from({ length: 500 }, (_, i) => (i * 7919) % 500).map((i) => [i * 10, i * 10 + 8, i] as const);
  const [early, late] = [tableOf(ranges), tableOf(ranges)];
  for (let i = 0; i < MANY; i++) late.at(0);
  for (const pc of [0, 7, 8, 9, 10, 2503, 4997, 4998, 5000, -1]) {
    const expected = pc >= 0 && pc < 5000 && pc % 10 < 8 ? { start: pc - (pc % 10), value: Math.floor(pc / 10) } : undefined; // prettier-ignore
    assert.deepEqual(early.at(pc), expected, `${pc}`);
    assert.deepEqual(late.at(pc), expected, `${pc}`);
  }
});

test("of overlapping ranges the one with the nearest start is used, of equal ones the last", () => {
  const table = tableOf([
    [0, 1000, 1],
    [100, 200, 2],
    [100, 150, 3],
    [300, 310, 4],
  ]);
  assert.deepEqual(answers(table, 120), [JSON.stringify({ start: 100, value: 3 })]);
  assert.deepEqual(answers(table, 160), [JSON.stringify({ start: 100, value: 2 })]);
  assert.deepEqual(answers(table, 320), [JSON.stringify({ start: 0, value: 1 })]);
});

test("no look-up succeeds in an empty table, in an empty range, or after all ranges", () => {
  assert.deepEqual(answers(new RangeTable(), 5), [undefined]);
  const table = tableOf([
    [5, 5, 1],
    [10, 20, 2],
  ]);
  assert.deepEqual(answers(table, 5), [undefined]);
  assert.deepEqual(answers(table, 20), [undefined]);
});
