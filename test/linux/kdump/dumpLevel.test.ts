import assert from "node:assert/strict";
import { test } from "node:test";
import { leftOut } from "../../../src/linux/kdump/dumpLevel.ts";

const namesOf = (level: number): readonly string[] => leftOut(level).map(({ name }) => name);

test("bit 2 of the dump level leaves out all of the page cache, also without bit 1", () => {
  assert.deepEqual(namesOf(2), ["page cache"]);
  assert.deepEqual(namesOf(4), ["page cache", "private page cache"]);
  assert.deepEqual(namesOf(6), namesOf(4));
});

test("level 31 leaves out every kind, 0 none", () => {
  assert.deepEqual(namesOf(31), ["zero", "page cache", "private page cache", "user", "free"]);
  assert.deepEqual(namesOf(0), []);
});
