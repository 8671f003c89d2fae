import assert from "node:assert/strict";
import { test } from "node:test";
import { itemAtOrBelow, lastAtOrBelow, partitionPoint } from "../../src/base/search.ts";
import { random } from "../builders/image.ts";

test("partitionPoint finds the first index for which a predicate is false", () => {
  for (let count = 0; count < 20; count++)
    for (let first = 0; first <= count; first++)
      assert.equal(
        partitionPoint(count, (i) => i < first),
        first,
      );
});

test("partitionPoint begins at the given index, also beyond 32 bits, with a logarithmic number of calls", () => {
  const sought = 2 ** 52 + 12_345;
  let asked = 0;
  const isBefore = (i: number): boolean => {
    asked++;
    return i < sought;
  };
  assert.equal(partitionPoint(Number.MAX_SAFE_INTEGER, isBefore, 2 ** 40), sought);
  assert.ok(asked <= 53, `${asked} questions`);
});

test("lastAtOrBelow returns the last of equal keys, and -1 before the first", () => {
  const keys = Float64Array.of(10, 20, 20, 30);
  assert.deepEqual(
    [9, 10, 19, 20, 99].map((key) => lastAtOrBelow(keys, key)),
    [-1, 0, 0, 2, 3],
  );
  assert.equal(lastAtOrBelow(BigUint64Array.of(1n, 0xffff_ffff_8100_0000n), 0xffff_ffff_ffff_ffffn), 1);
  assert.equal(lastAtOrBelow(new Float64Array(), 1), -1);
});

test("itemAtOrBelow agrees with a search from the end", () => {
  const below = random(3);
  for (let round = 0; round < 200; round++) {
    const items = Array.from({ length: below(12) }, () => ({ start: below(40) })).sort((a, b) => a.start - b.start);
    const key = below(45);
    assert.equal(
      itemAtOrBelow(items, ({ start }) => start, key),
      items.findLast(({ start }) => start <= key),
    );
  }
});
