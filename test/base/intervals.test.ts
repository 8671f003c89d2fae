import assert from "node:assert/strict";
import { test } from "node:test";
import { lastStart, topmost } from "../../src/base/intervals.ts";
import { random } from "../builders/image.ts";

const runs = (...intervals: [number, number][]): [number, number, number][] => {
  const { starts, ends, sources } = topmost(
    intervals.map(([start]) => start),
    intervals.map(([, end]) => end),
  );
  return [...starts].map((start, i) => [start, ends[i]!, sources[i]!]);
};

test("disjoint intervals come out sorted", () => {
  assert.deepEqual(runs([20, 30], [0, 10]), [
    [0, 10, 1],
    [20, 30, 0],
  ]);
});

test("a later interval covers an earlier one, the ends of which remain", () => {
  assert.deepEqual(runs([0, 30], [10, 20]), [
    [0, 10, 0],
    [10, 20, 1],
    [20, 30, 0],
  ]);
});

test("an earlier interval is visible after the end of a later one", () => {
  assert.deepEqual(runs([10, 20], [0, 15], [5, 5]), [
    [0, 15, 1],
    [15, 20, 0],
  ]);
});

test("random overlaps agree with painting cell by cell", () => {
  const below = random(1);
  for (let round = 0; round < 200; round++) {
    const intervals = Array.from({ length: 1 + below(12) }, (): [number, number] => {
      const start = below(60);
      return [start, start + below(20)];
    });
    const painted = new Array<number>(100).fill(-1);
    intervals.forEach(([start, end], i) => painted.fill(i, start, end));
    const seen = new Array<number>(100).fill(-1);
    for (const [start, end, source] of runs(...intervals)) seen.fill(source, start, end);
    assert.deepEqual(seen, painted);
  }
});

test("lastStart finds the run at or before a place", () => {
  const found = topmost([10, 20, 30], [15, 25, 35]);
  assert.deepEqual(
    [9, 10, 19, 20, 99].map((at) => lastStart(found, at)),
    [-1, 0, 0, 1, 2],
  );
});
