import assert from "node:assert/strict";
import { test } from "node:test";
import { derived, derivedByWork, derivedFor } from "../../src/model/derived.ts";
import { toyKernel } from "../builders/kernel.ts";

/** Counts to three, a step at a time. */
function work(runs: { count: number }) {
  return function* (): Generator<number, string> {
    runs.count++;
    for (let i = 1; i <= 3; i++) yield i;
    return "done";
  };
}

test("shared work is done once for any number of callers", () => {
  const runs = { count: 0 };
  const kernel = toyKernel();
  const fact = derivedByWork("count", work(runs));
  assert.deepEqual([...fact(kernel)], [1, 2, 3]);
  assert.deepEqual(fact(kernel).next(), { done: true, value: "done" });
  assert.equal(runs.count, 1);
});

test("a cancelled caller leaves the work at its state for the next one", () => {
  const runs = { count: 0 };
  const kernel = toyKernel();
  const fact = derivedByWork("count", work(runs));
  const first = fact(kernel);
  first.next();
  first.return("never");
  assert.deepEqual([...fact(kernel)], [2, 3]);
  assert.equal(runs.count, 1);
});

test("two simultaneous callers continue the same work", () => {
  const runs = { count: 0 };
  const kernel = toyKernel();
  const fact = derivedByWork("count", work(runs));
  const [a, b] = [fact(kernel), fact(kernel)];
  assert.deepEqual(
    [a.next().value, b.next().value, a.next().value, b.next().value, a.next().value],
    [1, 2, 3, "done", "done"],
  );
});

test("work that failed starts anew for the next", () => {
  const kernel = toyKernel();
  let runs = 0;
  const fact = derivedByWork("count", function* (): Generator<number, string> {
    if (++runs === 1) throw new Error("broken");
    yield* [1, 2, 3];
    return "done";
  });
  assert.throws(() => fact(kernel).next(), /broken/);
  assert.deepEqual([...fact(kernel)], [1, 2, 3]);
});

test("two facts with the same name are separate, and each kernel has its own", () => {
  const one = derived("fact", () => ({ of: "one" }));
  const other = derived("fact", () => 2);
  const kernel = toyKernel();
  assert.deepEqual([one(kernel), other(kernel)], [{ of: "one" }, 2]);
  assert.equal(one(kernel), one(kernel));
  assert.notEqual(one(kernel), one(toyKernel()));
});

test("a fact per key is computed once for each key", () => {
  const asked: string[] = [];
  const length = derivedFor("length", (_kernel, text: string) => {
    asked.push(text);
    return text.length;
  });
  const kernel = toyKernel();
  assert.deepEqual([length(kernel, "ab"), length(kernel, "c"), length(kernel, "ab")], [2, 1, 2]);
  assert.deepEqual(asked, ["ab", "c"]);
});
