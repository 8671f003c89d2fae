import assert from "node:assert/strict";
import { test } from "node:test";
import { AddressCache } from "../../src/base/addressCache.ts";

test("a value is found by its whole address, and by no address that shares its place", () => {
  const cache = new AddressCache<string>();
  const address = 0xffff_ffff_8120_0401n;
  assert.equal(cache.get(0n), undefined);
  cache.set(address, "a");
  for (const other of [address ^ (1n << 63n), address ^ (1n << 10n), address ^ (1n << 31n), 0x401n])
    assert.equal(cache.get(other), undefined);
  assert.equal(cache.get(address), "a");
  cache.set(address ^ (1n << 40n), "b");
  assert.deepEqual([cache.get(address), cache.get(address ^ (1n << 40n))], [undefined, "b"]);
  cache.clear();
  assert.equal(cache.get(address ^ (1n << 40n)), undefined);
});
