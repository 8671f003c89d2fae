import assert from "node:assert/strict";
import { test } from "node:test";
import { openMemory } from "../../../src/memory/openMemory.ts";
import { openDump } from "../../../src/dump/formats.ts";
import { openFile } from "../../../src/base/file.ts";
import { buildWarnings, openGiven } from "../../../src/session/open/namedFiles.ts";
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

test("a stripped vmlinux opens as the debuginfo of the same build to which it links", (t) => {
  const buildId = "ab".repeat(20);
  // The name, padded to four bytes, and a checksum, which the build ID replaces.
  const link = Buffer.from("vmlinux.debug\0\0\0\0\0\0\0");
  const stripped = { buildId, dwarf: false, sections: [{ name: ".gnu_debuglink", bytes: link }] };
  const opened = (debug: { buildId: string }): string => {
    const { root } = debuginfoPlaces({ vmlinux: stripped, ".debug/vmlinux.debug": debug });
    const vmlinux = openGiven(`${root}/vmlinux`, undefined);
    t.after(() => vmlinux.close());
    return vmlinux.path.slice(root.length + 1);
  };
  assert.equal(opened({ buildId }), ".debug/vmlinux.debug");
  assert.equal(opened({ buildId: "cd".repeat(20) }), "vmlinux");
});
