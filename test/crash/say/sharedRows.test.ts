import assert from "node:assert/strict";
import { test } from "node:test";
import { Fault } from "../../../src/base/fault.ts";
import { SharedRows } from "../../../src/crash/say/sharedRows.ts";

test("rows of objects that tasks share are computed once", () => {
  const shared = new SharedRows<string>();
  let made = 0;
  const rows = function* () {
    made++;
    yield* ["a", "b"];
  };
  assert.deepEqual([...shared.of(1n, rows), ...shared.of(1n, rows)], ["a", "b", "a", "b"]);
  assert.equal(made, 1);
  assert.deepEqual([...shared.of(2n, rows)], ["a", "b"]);
  assert.equal(made, 2);
});

test("rows that a fault or the reader cuts short are made anew", () => {
  const shared = new SharedRows<number>();
  let made = 0;
  const broken = function* () {
    made++;
    yield 1;
    throw Fault.of("corrupt", "broken");
  };
  for (let i = 0; i < 2; i++) assert.throws(() => [...shared.of(1n, broken)], /broken/);
  for (let i = 0; i < 2; i++) for (const row of shared.of(1n, broken)) if (row === 1) break;
  assert.equal(made, 4);
});

test("the cache of rows is limited and keeps the latest", () => {
  const shared = new SharedRows<number>();
  const made: bigint[] = [];
  const rows = (owner: bigint, count: number): number => {
    let last = 0;
    const make = function* () {
      made.push(owner);
      for (let i = 1; i <= count; i++) yield i;
    };
    for (const row of shared.of(owner, make)) last = row;
    return last;
  };
  for (const owner of [1n, 2n, 2n, 1n]) assert.equal(rows(owner, 40_000), 40_000);
  assert.deepEqual(made, [1n, 2n, 1n]);
  assert.equal(rows(3n, 100_000), 100_000);
  assert.equal(rows(3n, 100_000), 100_000);
  assert.deepEqual(made, [1n, 2n, 1n, 3n, 3n]);
});
