import assert from "node:assert/strict";
import { posix, win32 } from "node:path";
import { test } from "node:test";
import { isTrusted } from "../../src/cli/rcFiles.ts";

test("a directory is trusted if it is in the list or below a directory of it", () => {
  assert.ok(isTrusted("/srv/crash", "/home/me:/srv/crash", posix));
  assert.ok(isTrusted("/srv/crash/..2026", "/srv/crash", posix));
  assert.ok(!isTrusted("/srv/crashes", "/srv/crash", posix));
  assert.ok(!isTrusted("/srv", "/srv/crash", posix));
  assert.ok(!isTrusted("/srv", "", posix));
});

test("on Windows another drive and another server are not below a directory", () => {
  assert.ok(isTrusted("C:\\Dumps\\new", "D:\\other;c:\\dumps", win32));
  assert.ok(!isTrusted("D:\\dumps", "C:\\dumps", win32));
  assert.ok(!isTrusted("\\\\server\\share\\dumps", "C:\\dumps", win32));
});
