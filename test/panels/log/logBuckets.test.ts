import assert from "node:assert/strict";
import { test } from "node:test";
import { bucketAt, heightOf, spreadOf } from "../../../src/panels/log/logBuckets.ts";
import type { LogLine } from "../../../src/panels/log/logLines.ts";

const line = (seconds: number | undefined, level: number | undefined): LogLine => ({
  text: "",
  level,
  seconds,
  caller: undefined,
  continues: false,
});
const LINES = [line(0, 6), line(1, 6), line(1.5, 4), line(undefined, 0), line(10, 1)];

test("messages are counted by time, with the most severe of each stretch; headings and lines without time are not", () => {
  const spread = spreadOf(LINES, [0, 1, 2, ~0, 3, 4], 10);
  assert.ok(spread);
  assert.deepEqual([spread.first, spread.last], [0, 10]);
  assert.deepEqual(
    spread.buckets.map(({ count }) => count),
    [1, 2, 0, 0, 0, 0, 0, 0, 0, 1],
  );
  assert.deepEqual(
    spread.buckets.map(({ worst }) => worst),
    [6, 4, 7, 7, 7, 7, 7, 7, 7, 1],
  );
});

test("a stretch without messages leads to the next one that has some", () => {
  const rows = spreadOf(LINES, [0, 1, 2, ~0, 3, 4], 10)?.buckets.map(({ row }) => row);
  assert.deepEqual(rows, [0, 1, 5, 5, 5, 5, 5, 5, 5, 5]);
});

test("a time is found in its stretch, also one before the first and after the last", () => {
  const spread = spreadOf(LINES, [0, 4], 10);
  assert.ok(spread);
  assert.deepEqual(
    [-5, 0, 4.99, 10, 99].map((seconds) => bucketAt(spread, seconds)),
    [0, 0, 4, 9, 9],
  );
});

test("a log of one moment has no stretches of time", () => {
  assert.equal(spreadOf([line(3, 6), line(3, 6)], [0, 1], 10), undefined);
  assert.equal(spreadOf([], [], 10), undefined);
});

test("one message is seen beside a thousand", () => {
  const of = (count: number) => heightOf({ count, worst: 6, row: 0 }, 1000);
  assert.deepEqual([of(0), of(1000)], [0, 1]);
  assert.ok(of(1) > 0.05);
});
