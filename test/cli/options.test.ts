import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { UsageError } from "../../src/base/usageError.ts";
import { readOptions } from "../../src/cli/options.ts";
import { debuginfoFile } from "../builders/debuginfoFile.ts";

const folder = mkdtempSync(join(tmpdir(), "vmcore-options-"));
after(() => rmSync(folder, { recursive: true }));

/** The first bytes of an ELF file of that type. */
function elf(name: string, type: number, bigEndian = false): string {
  const head = Buffer.alloc(64);
  head.set([0x7f, 0x45, 0x4c, 0x46, 2, bigEndian ? 2 : 1]);
  if (bigEndian) head.writeUInt16BE(type, 16);
  else head.writeUInt16LE(type, 16);
  const path = join(folder, name);
  writeFileSync(path, head);
  return path;
}

const ET_REL = 1;
const ET_EXEC = 2;
const ET_DYN = 3;
const ET_CORE = 4;

test("a kernel and a dump are distinguished by their contents, in any order of arguments", () => {
  const core = elf("core", ET_CORE);
  for (const kernel of [elf("vmlinux", ET_EXEC), elf("pie", ET_DYN), elf("s390x", ET_EXEC, true)]) {
    for (const argv of [
      [kernel, core],
      [core, kernel],
    ]) {
      const { vmlinux, vmcore } = readOptions(argv);
      assert.deepEqual({ vmlinux, vmcore }, { vmlinux: kernel, vmcore: [core] });
    }
  }
});

test("a file that is not a kernel is a dump: the files of a split set, and missing files", () => {
  assert.deepEqual(readOptions(["/no/such", "/no/such2"]).vmcore, ["/no/such", "/no/such2"]);
});

test("a pipe is not waited for", { skip: process.platform === "win32" }, () => {
  const pipe = join(folder, "pipe");
  execFileSync("mkfifo", [pipe]);
  assert.deepEqual(readOptions([pipe]).vmcore, [pipe]);
});

test("a module is no dump, a program of user space no kernel", () => {
  const module = elf("module.ko", ET_REL);
  assert.throws(
    () => readOptions([module]),
    new UsageError(`${module} is a kernel module: name its directory with --modules`),
  );
  assert.throws(() => readOptions(["/bin/sh"]), new UsageError("/bin/sh is neither a dump nor a Linux kernel"));
});

test("a missing dump and a second kernel are errors", () => {
  const kernel = elf("one", ET_EXEC);
  assert.throws(() => readOptions([kernel]), new UsageError(`${kernel} is a kernel; a dump is missing: name a VMCORE`));
  assert.throws(() => readOptions([kernel, elf("two", ET_EXEC), elf("core", ET_CORE)]), UsageError);
  assert.throws(() => readOptions(["--vmlinux", kernel, elf("two", ET_EXEC), elf("core", ET_CORE)]), UsageError);
});

test("a positional System.map, and a kernel with its separate debuginfo, are recognized", () => {
  const core = elf("core", ET_CORE);
  const map = join(folder, "System.map");
  writeFileSync(map, "ffffffff81000000 T _stext\nffffffff81000010 T next\n");
  const { systemMap, vmcore } = readOptions([map, core]);
  assert.deepEqual({ systemMap, vmcore }, { systemMap: map, vmcore: [core] });
  assert.throws(() => readOptions([map, map, core]), /^UsageError: two System\.map files are given/);
  assert.equal(readOptions(["--system-map", "other", core]).systemMap, "other");

  const built = (name: string, dwarf: boolean, digit: string): string => {
    const path = join(folder, name);
    writeFileSync(path, debuginfoFile({ type: ET_EXEC, buildId: digit.repeat(40), dwarf }));
    return path;
  };
  const stripped = built("stripped", false, "a");
  const debug = built("vmlinux.dbg", true, "a");
  for (const pair of [
    [stripped, debug],
    [debug, stripped],
  ])
    assert.equal(readOptions([...pair, core]).vmlinux, debug);
  assert.throws(() => readOptions([stripped, built("other", true, "b"), core]), /two kernels are given/);
});

test("--base says where memory without a header is", () => {
  assert.deepEqual(readOptions(["--base", "0-fff,0x100000", "pmem.raw"]).raw, [
    { first: 0, last: 0xfff },
    { first: 0x100000, last: undefined },
  ]);
  assert.throws(() => readOptions(["--base", "low", "pmem.raw"]), /--base low: neither an address nor ranges such as/);
});

test("files of memory are named with their addresses, as in crash", () => {
  const [low, high] = ["low@2.bin", "high.bin"].map((name) => join(folder, name));
  writeFileSync(low!, new Uint8Array(8192));
  writeFileSync(high!, new Uint8Array(4096));
  const ranges = [
    { first: 0x80000000, last: 0x80001fff },
    { first: 0xc0000000, last: 0xc0000fff },
  ];
  for (const words of [[`${low}@0x80000000,${high}@c0000000`], [`${low}@80000000`, `${high}@0xC0000000`]]) {
    const { vmcore, raw } = readOptions(words);
    assert.deepEqual([vmcore, raw], [[low, high], ranges]);
  }
  // A file that does not exist is refused when it is opened.
  assert.deepEqual(readOptions(["/no/such@1000"]).raw, [{ first: 0x1000, last: undefined }]);
  for (const words of [[low!], [`${low}@80000000`, high!], ["user@host"], ["@80000000"]]) {
    const { vmcore, raw } = readOptions(words);
    assert.deepEqual([vmcore, raw], [words, undefined]);
  }
});
