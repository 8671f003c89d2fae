import assert from "node:assert/strict";
import { test } from "node:test";
import { Lru } from "../../src/base/lru.ts";

const keysOf = (lru: Lru<number, string>, upTo: number): number[] =>
  Array.from({ length: upTo }, (_, key) => key).filter((key) => lru.get(key) !== undefined);

test("a cache keeps as many entries as its capacity, the last ones set", () => {
  const lru = new Lru<number, string>(8);
  for (let key = 0; key < 100; key++) lru.set(key, `value ${key}`);
  assert.deepEqual(keysOf(lru, 100), [92, 93, 94, 95, 96, 97, 98, 99]);
  assert.equal(lru.get(99), "value 99");
});

test("entries that are used repeatedly stay in the cache", () => {
  const lru = new Lru<number, string>(8);
  lru.set(1000, "asked for");
  for (let key = 0; key < 100; key++) {
    lru.set(key, "");
    assert.equal(lru.get(1000), "asked for");
  }
});

test("setting a key again replaces its value", () => {
  const lru = new Lru<number, string>(2);
  lru.set(1, "old");
  lru.set(2, "other");
  lru.set(1, "new");
  assert.equal(lru.get(1), "new");
});

test("the smallest cache keeps the last entry", () => {
  const lru = new Lru<number, string>(1);
  lru.set(1, "a");
  lru.set(2, "b");
  assert.equal(lru.get(2), "b");
});
