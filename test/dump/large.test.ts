import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { markedPage } from "../builders/image.ts";
import { kdumpFile } from "../builders/kdump.ts";

/** A terabyte of address space, in pages. */
const PAGES = 2 ** 28;
const BITMAP = PAGES / 8;

/** A sparse kdump file in which the page in the middle of each of 64 stretches is dumped. */
function writeTerabyte(path: string): number {
  const held = Array.from({ length: 64 }, (_, i) => (i + 0.5) * (PAGES / 64));
  const head = kdumpFile({ pages: new Map([[0, { as: "raw", page: markedPage(0) }]]), maxMapnr: 1 });
  const view = new DataView(head.buffer);
  view.setUint32(424 + 12, (2 * BITMAP) / 4096, true);
  view.setUint32(424 + 16, PAGES, true);
  view.setBigUint64(4096 + 96, BigInt(PAGES), true);
  const fd = openSync(path, "w");
  writeSync(fd, head, 0, 2 * 4096, 0);
  const descriptors = 2 * 4096 + 2 * BITMAP;
  held.forEach((pfn, i) => {
    for (const bitmap of [0, BITMAP])
      writeSync(fd, new Uint8Array([1 << (pfn % 8)]), 0, 1, 2 * 4096 + bitmap + pfn / 8);
    const descriptor = new DataView(new ArrayBuffer(24));
    descriptor.setBigUint64(0, BigInt(descriptors + (i + 1) * 4096), true);
    descriptor.setUint32(8, 4096, true);
    writeSync(fd, new Uint8Array(descriptor.buffer), 0, 24, descriptors + 24 * i);
    writeSync(fd, markedPage(pfn), 0, 4096, descriptors + (i + 1) * 4096);
  });
  ftruncateSync(fd, descriptors + 65 * 4096);
  closeSync(fd);
  return held[32]!;
}

test("a terabyte opens, and gives a page from its middle, in half a second and 200 MiB", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "terabyte-"));
  try {
    const path = join(folder, "vmcore");
    const pfn = writeTerabyte(path);
    const script = `
      import { openFile } from "./src/base/file.ts";
      import { openDump } from "./src/dump/formats.ts";
      import { stopwatch } from "./test/builders/stopwatch.ts";
      const spent = stopwatch();
      const image = openDump([openFile(process.env.DUMP)]);
      const page = Buffer.from(image.page(${pfn})).toString("latin1", 0, 14);
      const milliseconds = spent();
      const following = image.next(${pfn} + 1);
      console.log(JSON.stringify({ page, milliseconds, following, kilobytes: process.resourceUsage().maxRSS }));
    `;
    const output = execFileSync(process.execPath, ["--input-type=module", "-e", script], {
      encoding: "utf8",
      env: { ...process.env, DUMP: path },
    });
    const told = JSON.parse(output) as { page: string; milliseconds: number; following: number; kilobytes: number };
    t.diagnostic(`${told.milliseconds.toFixed(0)} ms, ${Math.round(told.kilobytes / 1024)} MiB`);
    assert.equal(told.page, `page ${pfn}`.padEnd(14, " ").slice(0, 14));
    assert.equal(told.following, pfn + PAGES / 64);
    assert.ok(told.milliseconds < 500, `took ${told.milliseconds} ms`);
    assert.ok(told.kilobytes < 200 * 1024, `took ${told.kilobytes} KiB`);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
