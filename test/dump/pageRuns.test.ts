import assert from "node:assert/strict";
import { test } from "node:test";
import { attempt, Fault } from "../../src/base/fault.ts";
import { PageRuns } from "../../src/dump/pageRuns.ts";

test("a file whose pages are in too many pieces is refused; pages that follow each other are one piece", () => {
  const runs = new PageRuns("file", 2);
  for (const [pfn, place] of [
    [3, 4096],
    [4, 8192],
    [9, 12288],
  ] as const)
    runs.add(pfn, place, 4096);
  const said = attempt(() => runs.add(20, 65536, 4096));
  assert.ok(said instanceof Fault && said.kind === "corrupt");
  assert.equal(said.message, "file: its pages are in more than 2 pieces");
});
