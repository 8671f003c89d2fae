import assert from "node:assert/strict";
import { test } from "node:test";
import { splitCpuSpec } from "../../../src/adapter/requests/evaluate.ts";

const rows: readonly (readonly [string, string, string | undefined])[] = [
  ["runqueues", "runqueues", undefined],
  ["runqueues:0", "runqueues", "0"],
  ["runqueues:", "runqueues", ""],
  ["runqueues:a", "runqueues", "a"],
  ["runqueues:all", "runqueues", "all"],
  ["runqueues : 0-3,7", "runqueues", "0-3,7"],
  ["x ? 1 : 2", "x ? 1 : 2", undefined],
  ["(x ? a : b):1", "(x ? a : b)", "1"],
  ["runqueues:nosuch", "runqueues:nosuch", undefined],
];
for (const [text, expression, cpus] of rows) {
  test(`${text} means ${expression} on ${cpus ?? "no CPU in particular"}`, () => {
    assert.deepEqual(splitCpuSpec(text), { expression, cpus });
  });
}
