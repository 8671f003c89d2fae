import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { toEnd } from "../../../src/base/job.ts";
import { dumpFiles } from "../../../src/session/triage/dumpFiles.ts";
import { recordingDump } from "../../../src/session/triage/recordDump.ts";
import { elfBytes } from "../../builders/elf.ts";

const folder = mkdtempSync(join(tmpdir(), "vmcore-triage-"));
after(() => rmSync(folder, { recursive: true }));

test("a record has the title, key, stack and facts of the crash", () => {
  const record = toEnd(recordingDump("sample/vmcore", false, {}));
  assert.equal(record.title, "BUG: unable to handle kernel NULL pointer dereference in lab_apply");
  assert.equal(record.group, "null-pointer:lab_apply:hello_init");
  assert.deepEqual(record.stack?.slice(0, 2), ["lab_apply", "hello_init"]);
  assert.deepEqual(record.outOfTree, ["lab_nullderef"]);
  assert.equal(record.taints, "DOE");
  assert.equal(record.host, "lab-guest");
  assert.equal(record.level, "quick");
  assert.equal(record.verdict, undefined);
  assert.deepEqual(record.unread, []);
  assert.match(record.key, /^[0-9a-f]{40}:\d+:\d+:\d+$/);
});

test("a full record has the verdict, waits and health", () => {
  const record = toEnd(recordingDump("sample/vmcore", true, {}));
  assert.equal(record.level, "full");
  assert.equal(record.waits?.deadlocks, 0);
  assert.ok((record.health?.length ?? 0) > 0);
});

test("a damaged dump and a file that is no dump are records that say why", () => {
  const cut = join(folder, "cut");
  copyFileSync("sample/vmcore", cut);
  truncateSync(cut, 300);
  for (const path of [cut, "package.json", join(folder, "absent")]) {
    const record = toEnd(recordingDump(path, false, {}));
    assert.ok(record.failed, path);
    assert.equal(record.level, "none");
  }
});

test("a dump whose end is missing has a record that says what could not be read", () => {
  const cut = join(folder, "half");
  copyFileSync("sample/vmcore", cut);
  truncateSync(cut, 9_000_000);
  const record = toEnd(recordingDump(cut, false, {}));
  assert.match(record.warnings?.join() ?? "", /The dump was cut off/);
  assert.ok((record.unread?.length ?? 0) > 0);
});

test("dumps are found below directories by what they are; links are not followed, other files are left out", () => {
  mkdirSync(join(folder, "tree", "b"), { recursive: true });
  copyFileSync("sample/vmcore", join(folder, "tree", "b", "any-name"));
  writeFileSync(join(folder, "tree", "module.ko"), elfBytes({ sections: [] }));
  writeFileSync(join(folder, "tree", "dmesg.txt"), "text");
  symlinkSync("..", join(folder, "tree", "loop"));
  assert.deepEqual([...dumpFiles([join(folder, "tree"), "package.json"])], [join(folder, "tree/b/any-name"), "package.json"]); // prettier-ignore
});
