import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { Sources } from "../../../src/adapter/code/sources.ts";
import { SourceFiles } from "../../../src/session/sources/source.ts";

const TEXT = "void panic(void);\n";
let folder: string;
before(() => {
  folder = mkdtempSync(join(tmpdir(), "md5-"));
  mkdirSync(join(folder, "kernel"));
  writeFileSync(join(folder, "kernel/panic.c"), TEXT);
});
after(() => rmSync(folder, { recursive: true, force: true }));

function warningsFor(md5: string | undefined): string[] {
  const warnings: string[] = [];
  const files = new SourceFiles({ kernelSource: [folder], installed: [] });
  const sources = new Sources(
    files,
    undefined,
    (sentence) => warnings.push(sentence),
    // Everything is on this machine.
    () => assert.fail("asked a server"),
  );
  const place = { file: "kernel/panic.c", line: 1, column: 0, ...(md5 !== undefined && { md5 }) };
  assert.equal(sources.of(place).path, join(folder, "kernel/panic.c"));
  sources.of({ ...place, line: 2 });
  return warnings;
}

test("a source file that differs from the compiled one is reported once", () => {
  assert.deepEqual(warningsFor("00".repeat(16)), [
    `${join(folder, "kernel/panic.c")} is not the file that was compiled (its MD5 differs): lines may be wrong.`,
  ]);
});

test("the compiled source file, and one without a recorded MD5, are shown without a remark", () => {
  assert.deepEqual(warningsFor(createHash("md5").update(TEXT).digest("hex")), []);
  assert.deepEqual(warningsFor(undefined), []);
});
