import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { SourceFiles, type SourceOptions } from "../../../src/session/sources/source.ts";

let folder: string;
const inFolder = (path: string): string => join(folder, path);

function write(path: string, text = ""): void {
  mkdirSync(dirname(inFolder(path)), { recursive: true });
  writeFileSync(inFolder(path), text);
}

function tree(path: string, [version, patch, sub]: readonly [number, number, number]): void {
  write(`${path}/Makefile`, `# SPDX\nVERSION = ${version}\nPATCHLEVEL = ${patch}\nSUBLEVEL = ${sub}\nEXTRAVERSION =\n`);
  write(`${path}/kernel/panic.c`);
  write(`${path}/arch/x86/entry/entry_64.S`);
  write(`${path}/arch/x86/include/asm/preempt.h`);
  write(`${path}/main.c`);
}

before(() => {
  folder = mkdtempSync(join(tmpdir(), "source-"));
  tree("linux-source-6.1", [6, 1, 192]);
  tree("linux-source-6.12", [6, 12, 9]);
  write("linux-headers-6.1/Makefile", "VERSION = 6\n");
  write("dump/lab_nullderef.c");
  write("secret");
});
after(() => rmSync(folder, { recursive: true, force: true }));

const debian = { release: "6.1.0-56-cloud-amd64", versionText: "#1 SMP PREEMPT_DYNAMIC Debian 6.1.192-2 (2026-08-01)" };
const files = (options: SourceOptions): SourceFiles => new SourceFiles({ installed: [], ...options });

test("a name relative to the source root is found in it", () => {
  assert.equal(
    files({ kernelSource: [inFolder("linux-source-6.1")] }).find("kernel/panic.c"),
    inFolder("linux-source-6.1/kernel/panic.c"),
  );
});

test("an absolute path of the build machine is found by its longest tail", () => {
  const path = "/build/reproducible-path/linux-6.1.192/arch/x86/entry/entry_64.S";
  assert.equal(
    files({ kernelSource: [inFolder("linux-source-6.1")] }).find(path),
    inFolder("linux-source-6.1/arch/x86/entry/entry_64.S"),
  );
});

test("of several installed trees the one of the dump's kernel is used, and never a header package", () => {
  const sources = files({ installed: [inFolder("linux*")], ...debian });
  assert.equal(sources.find("kernel/panic.c"), inFolder("linux-source-6.1/kernel/panic.c"));
  assert.deepEqual(
    sources.roots.map((root) => root.version),
    ["6.1.192", "6.12.9"],
  );
  assert.equal(sources.remark, undefined);
});

test("a module's source next to the dump is found by its file name alone, but a source in a kernel tree is not", () => {
  const sources = files({ beside: [inFolder("dump")], kernelSource: [inFolder("linux-source-6.1")] });
  assert.equal(sources.find("/usr/src/crash-lab-6.1/modules/lab_nullderef.c"), inFolder("dump/lab_nullderef.c"));
  assert.equal(sources.find("/home/somebody/module/main.c"), undefined);
});

test("sourceFileMap replaces the longest prefix that fits", () => {
  const sources = files({
    sourceFileMap: { "/usr/src": "/nowhere", "/usr/src/crash-lab-6.1/modules": inFolder("dump") },
  });
  assert.equal(sources.find("/usr/src/crash-lab-6.1/modules/lab_nullderef.c"), inFolder("dump/lab_nullderef.c"));
});

test('a path with ".." that leaves every root opens no file', () => {
  const sources = files({ kernelSource: [inFolder("dump")], sourceFileMap: { "/src": inFolder("dump") } });
  for (const path of [
    "../secret",
    "/src/../secret",
    "x/../../secret",
    inFolder("secret") + "/..",
    "/src/..\\secret",
    "kernel\0.c",
  ]) {
    assert.equal(sources.find(path), undefined, path);
  }
});

test("an absolute path that exists here is not opened for that alone", () => {
  assert.equal(files({ kernelSource: [inFolder("linux-source-6.1")] }).find(inFolder("secret")), undefined);
});

test("a workspace counts only when it is a kernel tree", () => {
  const sources = files({ workspace: [inFolder("dump"), inFolder("linux-source-6.1")] });
  assert.deepEqual(
    sources.roots.map((root) => root.path),
    [inFolder("linux-source-6.1")],
  );
});

test("a tree of another version is used, and the difference is reported once", () => {
  const sources = files({ kernelSource: [inFolder("linux-source-6.12")], ...debian });
  assert.ok(sources.find("kernel/panic.c"));
  assert.match(sources.remark ?? "", /is Linux 6\.12\.9, the dump is of 6\.1\.0-56-cloud-amd64/);
});

test("an upstream release without a third number is its .0", () => {
  tree("linux-6.12.0", [6, 12, 0]);
  assert.equal(files({ kernelSource: [inFolder("linux-6.12.0")], release: "6.12-custom" }).remark, undefined);
  assert.match(files({ kernelSource: [inFolder("linux-6.12.0")], release: "6.12.1" }).remark ?? "", /lines may be off/);
});

test("without a tree the remark names the package to install or the setting to change", () => {
  assert.match(files(debian).remark ?? "", /No kernel source tree found for 6\.1\.0-56-cloud-amd64.*kernelSource/);
});

test("a symbolic link inside a root is followed", () => {
  symlinkSync(inFolder("linux-source-6.1/kernel"), inFolder("dump/kernel"));
  assert.equal(files({ kernelSource: [inFolder("dump")] }).find("kernel/panic.c"), inFolder("dump/kernel/panic.c"));
});
