import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { lineOf } from "../../src/log/lines.ts";

const rows = readFileSync(new URL("cases/prefixes.txt", import.meta.url), "utf8")
  .split("\n")
  .filter((row) => row !== "")
  .map((row) => [row.slice(0, row.indexOf("\t")), row.slice(row.indexOf("\t") + 1)] as const);

for (const [name, line] of rows) {
  test(`the message behind a prefix of ${name} is read`, () => {
    assert.equal(lineOf(line).text, "#PF: supervisor read access in kernel mode");
  });
}
