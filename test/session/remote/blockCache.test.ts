import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { BlockCache } from "../../../src/session/remote/blockCache.ts";

const root = mkdtempSync(join(tmpdir(), "vmcore-blocks-"));
after(() => rmSync(root, { recursive: true }));
const BLOCK = 1 << 16;

test("only whole blocks are kept, also for the next process, and another version of the file has its own", () => {
  const directory = join(root, "kept");
  const cache = BlockCache.open(directory, "host/f v1", 3 * BLOCK + 100)!;
  cache.write(BLOCK, new Uint8Array(BLOCK + 10).fill(7));
  cache.write(3 * BLOCK, new Uint8Array(100).fill(9));
  const again = BlockCache.open(directory, "host/f v1", 3 * BLOCK + 100)!;
  assert.equal(again.read(BLOCK, BLOCK)?.[BLOCK - 1], 7);
  assert.equal(again.read(3 * BLOCK + 50, 50)?.[0], 9);
  assert.deepEqual(
    [again.read(0, 10), again.read(2 * BLOCK, 1), again.read(BLOCK, BLOCK + 1)],
    Array(3).fill(undefined),
  );
  const other = BlockCache.open(directory, "host/f v2", 3 * BLOCK + 100)!;
  assert.equal(other.read(BLOCK, 1), undefined);
});

test("files that were not used for the longest time are removed above the limit", () => {
  const directory = join(root, "limit");
  for (const [name, days] of [
    ["older", 4],
    ["old", 3],
  ] as const) {
    const path = join(directory, name);
    mkdirSync(path, { recursive: true });
    for (const block of [0, 1, 2]) writeFileSync(join(path, String(block)), "");
    const used = new Date(Date.now() - days * 86_400_000);
    utimesSync(path, used, used);
  }
  BlockCache.open(directory, "new", BLOCK, 4 * BLOCK);
  const left = readdirSync(directory);
  assert.deepEqual([left.length, left.includes("old")], [2, true]);
});

test("a directory that cannot be written to keeps nothing", () => {
  writeFileSync(join(root, "file"), "");
  assert.equal(BlockCache.open(join(root, "file"), "key", BLOCK), undefined);
});
