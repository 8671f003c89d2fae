import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { bytesFile, fileHead, fileStream, openFile, sliceFile, wholeFile } from "../../src/base/file.ts";

test("a file can be read at any offset; a read is shorter only at its end", () => {
  const whole = readFileSync("package.json");
  const file = openFile("package.json");
  assert.equal(file.size, whole.length);
  assert.deepEqual(Buffer.from(file.read(5, 10)), whole.subarray(5, 15));
  assert.deepEqual(Buffer.from(file.read(whole.length - 3, 10 ** 12)), whole.subarray(-3));
  for (const [offset, length] of [
    [whole.length, 1],
    [10 ** 15, 1],
    [-1, 5],
    [NaN, 5],
    [0, 0],
    [0, -1],
  ] as const) {
    assert.equal(file.read(offset, length).length, 0);
  }
  file.close();
});

const SHARED_MEMORY = "/dev/shm";

test("a file is read at offsets of more than 53 bits, as /proc/kcore has", (t) => {
  const path = join(SHARED_MEMORY, `vmcore-far-${process.pid}`);
  t.after(() => rmSync(path, { force: true }));
  // Of the usual file systems, tmpfs has files of this size.
  const far = 2 ** 55 + 4096;
  const dd = ["if=package.json", `of=${path}`, "bs=100", "count=1", "oflag=seek_bytes", `seek=${2n ** 55n + 4096n}`];
  const made = existsSync(SHARED_MEMORY) && spawnSync("dd", dd).status === 0;
  if (!made) return t.skip("no file system with files of 2^55 bytes");
  const file = openFile(path);
  assert.deepEqual(Buffer.from(file.read(far, 64)), readFileSync("package.json").subarray(0, 64));
  assert.equal(file.read(far + 4096, 10).length, 0);
  file.close();
});

test("a file without a size is measured by reading", { skip: !existsSync("/proc/version") }, () => {
  const file = openFile("/proc/version");
  assert.equal(file.size, readFileSync("/proc/version").length);
  file.close();
});

test("the head of a short file is the whole file, and a whole file is limited to its stated size", () => {
  const whole = readFileSync("package.json");
  assert.deepEqual(fileHead("package.json", 10), whole.subarray(0, 10));
  assert.deepEqual(wholeFile("package.json", whole.length), whole);
  assert.throws(() => wholeFile("package.json", whole.length - 1), { code: "EFBIG" });
  if (existsSync("/proc/version")) assert.deepEqual(wholeFile("/proc/version", 4096), readFileSync("/proc/version"));
  if (existsSync("/dev/zero")) assert.throws(() => wholeFile("/dev/zero", 10), { code: "EINVAL" });
});

test("folders and pipes are refused without reading", () => {
  assert.throws(() => openFile("src"), { code: "EISDIR" });
  const folder = mkdtempSync(join(tmpdir(), "pipe-"));
  try {
    execFileSync("mkfifo", [join(folder, "pipe")]);
    assert.throws(() => openFile(join(folder, "pipe")), { code: "EINVAL", syscall: "open" });
    assert.throws(() => fileHead(join(folder, "pipe"), 10), { code: "EINVAL" });
    assert.throws(() => fileStream(join(folder, "pipe"), 0, 10, 10), { code: "EINVAL" });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("the bytes of a read belong to the caller", () => {
  const bytes = Buffer.from("abc");
  const file = bytesFile("buffer", bytes);
  file.read(0, 3).fill(0);
  assert.equal(bytes.toString(), "abc");
});

test("a window of a file ends at its own end or at that of the file", () => {
  const window = sliceFile(bytesFile("bytes", new Uint8Array([0, 1, 2, 3, 4, 5])), 4, 100);
  assert.deepEqual(
    [window.size, [...window.read(1, 5)], [...window.read(2, 1)], [...window.read(-1, 3)]],
    [2, [5], [], []],
  );
});
