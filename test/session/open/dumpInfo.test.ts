import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { toEnd } from "../../../src/base/job.ts";
import { infoRows, readingDumpInfo, type DumpInfo } from "../../../src/session/open/dumpInfo.ts";
import { OpenError } from "../../../src/session/open/openError.ts";
import { markedPage } from "../../builders/image.ts";
import { kdumpFile, type Stored } from "../../builders/kdump.ts";

const infoOf = (...vmcore: string[]): DumpInfo => toEnd(readingDumpInfo({ vmcore }));

test("a dump is described by its headers, and its pages are counted", () => {
  const info = infoOf("sample/vmcore");
  assert.deepEqual(info.pages, { present: 16113, excluded: 8463, missing: 8192 });
  assert.deepEqual(
    [info.format, info.headerVersion, info.compression, info.dumpLevel],
    ["kdump-compressed", 6, "zlib", 31],
  );
  assert.deepEqual(
    info.notes.map(({ name, size }) => [name, size]),
    [
      ["CORE", 336],
      ["CORE", 336],
      ["QEMU", 440],
      ["QEMU", 440],
      ["VMCOREINFO", 3262],
    ],
  );
  const rows = infoRows(info);
  assert.deepEqual(
    rows.filter(([name]) => ["pages", "dump level", "complete"].includes(name)).map(([, value]) => value),
    [
      "31 (left out: zero, page cache, private page cache, user, free)",
      "16,113 present, 8,463 excluded, 8,192 missing",
      "yes",
    ],
  );
  assert.match(rows.find(([name]) => name === "VMCOREINFO")?.[1] ?? "", /^OSRELEASE=6\.1\.0/);
});

test("erased data, the time and an incomplete file are told", () => {
  const folder = mkdtempSync(join(tmpdir(), "info-"));
  try {
    const path = join(folder, "vmcore");
    const pages = new Map<number, Stored>([[3, { as: "raw", page: markedPage(3) }]]);
    writeFileSync(
      path,
      kdumpFile({ pages, eraseinfo: "erase key.data\nerase more\n", status: 9, timestamp: 1_000_000_000 }),
    );
    const rows = infoRows(infoOf(path));
    const value = (wanted: string): string | undefined => rows.find(([name]) => name === wanted)?.[1];
    assert.deepEqual(
      [value("erased"), value("time"), value("complete"), value("pages")],
      ["erase key.data", "Sun, 09 Sep 2001 01:46:40 GMT", "no: no space", "1 present, 0 excluded, 3 missing"],
    );
    writeFileSync(path, "text\n");
    assert.throws(() => infoOf(path), new OpenError(`${path} is not a dump: it is text`));
  } finally {
    rmSync(folder, { recursive: true });
  }
});
