import assert from "node:assert/strict";
import { test } from "node:test";
import { sortInSteps } from "../../src/base/sortInSteps.ts";
import { toEnd } from "../../src/base/job.ts";

interface Item {
  readonly key: bigint;
  readonly at: number;
}
const compare = (a: Item, b: Item): number => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0);
/** Keys that repeat, in an order that the seed determines. */
const items = (count: number, seed = 7): Item[] => {
  let state = seed;
  return Array.from({ length: count }, (_, at) => {
    state = (state * 1103515245 + 12345) % 2 ** 31;
    return { key: BigInt(state % 5000), at };
  });
};

for (const count of [0, 1, 4095, 4096, 4097, 12_288, 50_001])
  test(`${count} items are in the order of sort, equal ones in their own`, () => {
    const all = items(count);
    assert.deepEqual(toEnd(sortInSteps(all, compare)), all.toSorted(compare));
  });

test("no step compares more often than sorting a few thousand items needs", () => {
  let [calls, most] = [0, 0];
  const job = sortInSteps(items(100_000), (a, b) => (calls++, compare(a, b)));
  for (let step = job.next(); !step.done; step = job.next()) [most, calls] = [Math.max(most, calls), 0];
  assert.ok(most > 4096 && most < 4096 * 13, `${most} comparisons`);
});

test("sorted lists one after the other need few comparisons", () => {
  let calls = 0;
  const half = items(50_000).sort(compare);
  const all = [...half, ...half.map((one) => ({ ...one, key: one.key + 5000n }))];
  toEnd(sortInSteps(all, (a, b) => (calls++, compare(a, b))));
  assert.ok(calls < 350_000, `${calls} comparisons`);
});
