import assert from "node:assert/strict";
import { test } from "node:test";
import { openMemory } from "../../../src/memory/openMemory.ts";
import { openDump } from "../../../src/dump/formats.ts";
import { openFile } from "../../../src/base/file.ts";
import { buildWarnings } from "../../../src/session/open/namedFiles.ts";
import { openNamed, openVmlinux } from "../../../src/session/open/vmlinux.ts";
import { debuginfoPlaces } from "../../builders/debuginfoPlaces.ts";

test("a directory in place of a file is refused with what to name", () => {
  assert.throws(() => openNamed("sample", "vmlinux"), {
    name: "OpenError",
    message: "sample is a directory; name the vmlinux in it",
  });
});

test("a vmlinux without a build ID and a version text may not match the dump", (t) => {
  const dump = openDump([openFile("sample/vmcore")]);
  t.after(() => dump.close());
  const { root } = debuginfoPlaces({ vmlinux: {} });
  const vmlinux = openVmlinux(`${root}/vmlinux`);
  t.after(() => vmlinux.close());
  assert.deepEqual(buildWarnings(vmlinux, openMemory(dump), false), [
    `${root}/vmlinux has no build ID to compare; it may not match the dump`,
  ]);
});
