import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { Fault } from "../../../src/base/fault.ts";
import { Cancelled } from "../../../src/base/job.ts";
import { SourceFiles } from "../../../src/session/sources/source.ts";
import { openSourceArchive } from "../../../src/session/sources/sourceArchive.ts";
import { member, tar } from "../../builders/tar.ts";

let folder: string;
const inFolder = (path: string): string => join(folder, path);
before(() => {
  folder = mkdtempSync(join(tmpdir(), "archive-"));
});
after(() => rmSync(folder, { recursive: true, force: true }));

const archive = tar({
  "linux-source-6.1/Makefile": "VERSION = 6\nPATCHLEVEL = 1\nSUBLEVEL = 192\n",
  "linux-source-6.1/kernel/panic.c": "void panic(void);\n",
  "linux-source-6.1/Documentation/index.rst": "no source",
  "linux-source-6.1/drivers/registers.h": "#define X\n".repeat(300_000),
  "linux-source-6.1/kernel/exit.c": "/* ü */\n",
});

/** linux-6.1/Makefile and linux-6.1/kernel/panic.c in a tar archive, packed by `xz -9e --block-size=2048`: two blocks. */
const XZ = Buffer.from(
  "/Td6WFoAAATm1rRGAgAhARwAAAAQz1jM4Af/AI5dADYaSiB1mtdkdCp8QRk/RJ+JwPhf6/1k+DnjMAu3VHbK6QQyMf/kDy9SmsgKzZ2HMIEThUctj+ppiR70s6/x7PWcYsGpG6q5unBMB+5ANp1yd3hWC09ClkYQ/r6siWWycS/oHziEsfEIQjd9LrwCBFHLueM/+a+oRHVlvIFQxdGcIsFtfQMBr+XE7zRmJAAAAABfazUqR0U5xgIAIQEcAAAAEM9YzOAD/wALXQAAb/3//6O3f0YyAAAADCdpIJdjeMMAAqoBgBAngAgAAAASRabQFBc7MAMAAAAABFla",
  "base64",
);

function write(name: string, bytes: Uint8Array): string {
  writeFileSync(inFolder(name), bytes);
  return inFolder(name);
}

test("sources are read from plain, gzip and zstd archives, and other files are left out", async () => {
  const paths = [
    write("linux-a.tar", archive),
    write("linux-a.tar.gz", gzipSync(archive)),
    write("linux-a.tar.zst", zstdCompressSync(archive)),
  ];
  for (const path of paths) {
    const opened = await openSourceArchive(path, inFolder("cache-a"), {});
    assert.equal(opened.version, "6.1.192", path);
    assert.equal(opened.find("kernel/panic.c")?.text(), "void panic(void);\n");
    assert.equal(opened.find("kernel/exit.c")?.text(), "/* ü */\n");
    assert.equal(opened.find("drivers/registers.h")?.text()?.length, 3_000_000);
    assert.equal(opened.find("Documentation/index.rst"), undefined);
    assert.equal(opened.find("constructor"), undefined);
    opened.close();
  }
});

test("an archive packed with xz in several blocks is read; a second opening finds the copy of the first", async () => {
  const path = write("linux-6.1.tar.xz", XZ);
  let seen = 0;
  for (let i = 0; i < 2; i++) {
    const opened = await openSourceArchive(path, inFolder("cache-xz"), { onProgress: () => seen++ });
    assert.equal(opened.find("kernel/panic.c")?.text(), "void panic(void);\n");
    opened.close();
  }
  assert.deepEqual(readdirSync(inFolder("cache-xz")).length, 1);
});

test("a copy that is damaged is made anew", async () => {
  const path = write("linux-b.tar", archive);
  const cache = inFolder("cache-b");
  (await openSourceArchive(path, cache, {})).close();
  const copy = join(cache, readdirSync(cache)[0] ?? "");
  const good = readFileSync(copy);
  for (const bad of [
    good.subarray(0, 20),
    Buffer.alloc(0),
    Buffer.from(good).fill(7, good.length - 60, good.length - 20),
  ]) {
    writeFileSync(copy, bad);
    const opened = await openSourceArchive(path, cache, {});
    assert.equal(opened.find("kernel/panic.c")?.text(), "void panic(void);\n");
    opened.close();
  }
  // A source in a damaged piece cannot be read; the rest can.
  writeFileSync(copy, Buffer.from(good).fill(0, 4, 64));
  const opened = await openSourceArchive(path, cache, {});
  assert.equal(opened.find("kernel/panic.c")?.text(), undefined);
  opened.close();
});

test("an archive that is truncated, cancelled or without sources leaves no files in the cache", async () => {
  const cache = inFolder("cache-c");
  const open = (path: string, signal?: AbortSignal): Promise<unknown> => openSourceArchive(path, cache, { signal });
  await assert.rejects(open(write("linux-cut.tar.xz", XZ.subarray(0, 150))), Fault);
  await assert.rejects(open(write("linux-cut.tar.gz", gzipSync(archive).subarray(0, 2000))), Fault);
  await assert.rejects(open(write("linux-none.tar", tar({ "linux/README": "" }))), /contains no sources/);
  await assert.rejects(open(write("linux-c.tar", archive), AbortSignal.abort()), Cancelled);
  assert.deepEqual(readdirSync(cache), []);
});

test("the cache keeps the copies of the three archives used last", async () => {
  const cache = inFolder("cache-d");
  for (const name of ["1", "2", "3", "4", "5"]) {
    (await openSourceArchive(write(`linux-${name}.tar`, archive), cache, {})).close();
  }
  assert.equal(readdirSync(cache).length, 3);
});

test("an unreadable entry next to the copies does not prevent opening an archive", async () => {
  const cache = inFolder("cache-e");
  mkdirSync(cache);
  symlinkSync(inFolder("nowhere"), join(cache, "left"));
  const opened = await openSourceArchive(write("linux-e.tar", archive), cache, {});
  assert.equal(opened.find("kernel/panic.c")?.text(), "void panic(void);\n");
  opened.close();
});

const debian = { release: "6.1.0-56-cloud-amd64", versionText: "#1 SMP Debian 6.1.192-2 (2026-08-01)" };

test("without a tree of the kernel, the archive that is installed or next to the dump is used", () => {
  const installed = write("linux-source-6.1.tar.xz", XZ);
  write("linux-source-6.12.tar.xz", XZ);
  const places = { installed: [inFolder("linux-source*")] };
  assert.equal(new SourceFiles({ ...places, ...debian }).wantedArchive, installed);
  assert.equal(
    new SourceFiles({ installed: [], beside: [folder], ...debian }).wantedArchive,
    inFolder("linux-6.1.tar.xz"),
  );
  assert.equal(new SourceFiles({ ...places, release: "5.10.0" }).wantedArchive, undefined);
});

test("an archive that the user names is used, and its sources are shown without a remark", async () => {
  const path = inFolder("linux-6.1.tar.xz");
  const sources = new SourceFiles({ kernelSource: [path], installed: [], ...debian });
  assert.equal(sources.wantedArchive, path);
  assert.match(sources.remark ?? "", /No kernel source tree/);
  sources.addArchive(await openSourceArchive(path, inFolder("cache-xz"), {}));
  const found = sources.locate("kernel/panic.c");
  assert.ok(found?.stored);
  assert.equal(found.stored.revision, "v6.1.192");
  assert.equal(sources.find("kernel/panic.c"), undefined);
  assert.equal(sources.remark, undefined);
  assert.equal(sources.wantedArchive, undefined);
});

test("an archive with too many files, or with names that no file can have, is refused", async () => {
  const one = member("a/b.c", "0", Buffer.alloc(0));
  const many = write("many.tar", Buffer.concat(Array.from({ length: 300_001 }, () => one)));
  await assert.rejects(
    openSourceArchive(many, inFolder("cache-many"), {}),
    /many\.tar cannot be unpacked: this session has unpacked 300000 files, which is the limit/,
  );
  assert.deepEqual(readdirSync(inFolder("cache-many")), []);
  const long = write("long.tar", tar({ [`a/${"b/".repeat(4000)}c.c`]: "x", "a/d.c": "y" }));
  const archive = await openSourceArchive(long, inFolder("cache-long"), {});
  assert.equal(archive.find("d.c")?.text(), "y");
  assert.equal(archive.find(`${"b/".repeat(4000)}c.c`), undefined);
});
