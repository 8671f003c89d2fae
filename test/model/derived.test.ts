import assert from "node:assert/strict";
import { test } from "node:test";
import { Derived, derivedFacts } from "../../src/model/derived.ts";
import { toyKernel } from "../builders/kernel.ts";

/** Counts to three, a step at a time. */
function work(runs: { count: number }) {
  return function* (): Generator<number, string> {
    runs.count++;
    for (let i = 1; i <= 3; i++) yield i;
    return "done";
  };
}

test("the work is done once, however many ask", () => {
  const runs = { count: 0 };
  const derived = new Derived();
  assert.deepEqual([...derived.ensure("key", work(runs))], [1, 2, 3]);
  assert.deepEqual(derived.ensure("key", work(runs)).next(), { done: true, value: "done" });
  assert.equal(runs.count, 1);
});

test("one that gives up leaves the work where it is for the next", () => {
  const runs = { count: 0 };
  const derived = new Derived();
  const first = derived.ensure("key", work(runs));
  first.next();
  first.return("never");
  assert.deepEqual([...derived.ensure("key", work(runs))], [2, 3]);
  assert.equal(runs.count, 1);
});

test("two that ask together push the same work on", () => {
  const runs = { count: 0 };
  const derived = new Derived();
  const [a, b] = [derived.ensure("key", work(runs)), derived.ensure("key", work(runs))];
  assert.deepEqual(
    [a.next().value, b.next().value, a.next().value, b.next().value, a.next().value],
    [1, 2, 3, "done", "done"],
  );
});

test("work that failed starts anew for the next", () => {
  const derived = new Derived();
  const fails = function* (): Generator<number, string> {
    throw new Error("broken");
  };
  assert.throws(() => derived.ensure("key", fails).next(), /broken/);
  assert.deepEqual([...derived.ensure("key", work({ count: 0 }))], [1, 2, 3]);
});

test("a kernel has its facts once", () => {
  const kernel = toyKernel();
  assert.equal(derivedFacts(kernel), derivedFacts(kernel));
  assert.notEqual(derivedFacts(kernel), derivedFacts(toyKernel()));
});
