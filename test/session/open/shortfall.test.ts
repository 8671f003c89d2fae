import assert from "node:assert/strict";
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { shortfall } from "../../../src/session/open/shortfall.ts";

const folder = mkdtempSync(join(tmpdir(), "vmcore-shortfall-"));
after(() => rmSync(folder, { recursive: true }));
const path = join(folder, "vmcore");
const cut = { size: 2_000_000, expected: 14_973_521 };

test("a dump that ends too early is to be copied again, or waited for if it was changed just now", () => {
  const start = "The dump was cut off: its file has 2,000,000 bytes, and should have at least 14,973,521 bytes. ";
  writeFileSync(path, "");
  assert.equal(
    shortfall({ files: [path], cut }),
    `${start}It was changed less than 30 seconds ago: if it is still being written, open it again when it is complete.`,
  );
  utimesSync(path, 1, 1);
  for (const file of [path, "/no/such"])
    assert.equal(shortfall({ files: [file], cut }), `${start}Compare its size with the original and copy it again.`);
  assert.match(shortfall({ files: [path, path], cut }) ?? "", /its files have 2,000,000 bytes/);
});

test("an incomplete dump says why it is, a complete one nothing", () => {
  for (const [incomplete, reason] of [
    ["no space", "makedumpfile ran out of space when it wrote it."],
    ["missing file", "it has several files, and not all were given. Name all of them, in any order."],
    ["ends early", "its file ends before its last page. Compare its size with the original and copy it again."],
  ] as const)
    assert.equal(shortfall({ files: [path], incomplete }), `The dump is incomplete: ${reason}`);
  assert.equal(shortfall({ files: [path] }), undefined);
});
