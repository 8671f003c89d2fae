import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

const reportBug = (...argv: string[]): string => {
  const node = ["--disable-warning=ExperimentalWarning", "src/cli/main.ts", "--report-bug"];
  const { status, stdout, stderr } = spawnSync(process.execPath, [...node, ...argv], { encoding: "utf8" });
  assert.equal(status, 0, stderr);
  return stdout;
};

test("a bug report has versions, format and what each command answered, and nothing of the dump's content", () => {
  const text = reportBug("--no-search", "sample/vmcore");
  for (const row of [/^vmcore-debug +\d/m, /^format +kdump-compressed$/m, /^opening +done/m, /^bt +1 records$/m])
    assert.match(text, row);
  for (const content of [/ffff/, /lab/, /insmod/, /6\.1\.0/, /Debian/, /3b43fad5/, /sample/])
    assert.doesNotMatch(text, content);
});

test("a bug report about a file that is no dump says that it was refused, without the path", () => {
  const folder = mkdtempSync(join(tmpdir(), "secret-"));
  try {
    writeFileSync(join(folder, "vmcore"), "hello");
    const text = reportBug(join(folder, "vmcore"));
    assert.match(text, /^dump +refused with a message$/m);
    assert.doesNotMatch(text, /secret|hello/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("a bug report without a dump has the versions alone", () => {
  assert.deepEqual(reportBug().trim().split("\n").length, 3);
});
