import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { reportText } from "../../src/cli/debuginfo.ts";
import { debuginfoReport } from "../../src/session/debuginfoReport.ts";
import { debuginfoPlaces } from "../builders/debuginfoPlaces.ts";

const vmcore = ["sample/vmcore"];
const buildId = debuginfoReport({ vmcore }).buildId!;

/** The report on the sample, on a machine with these files; the machine's own root is left out of paths. */
function said(files: Parameters<typeof debuginfoPlaces>[0], named?: string): string {
  const search = debuginfoPlaces(files);
  const vmlinux = named === undefined ? undefined : join(search.root, named);
  return reportText(debuginfoReport({ vmcore, vmlinux, search })).replaceAll(`${search.root}/`, "");
}

test("where nothing is found, the package is named, and the debuginfod server that has the file", () => {
  const text = said({});
  assert.match(text, /^ {2}vmlinux: none found$/m);
  assert.match(text, /^ {2}absent {3}usr\/lib\/debug\/boot\/vmlinux-6\.1\.0-56-cloud-amd64 is not there$/m);
  assert.match(text, /^To get the vmlinux of this Debian kernel:\n {2}apt-get install linux-image-6\.1\.0-56-cloud-amd64-dbg$/m); // prettier-ignore
  assert.ok(text.includes(`DEBUGINFOD_URLS=https://debuginfod.debian.net debuginfod-find debuginfo ${buildId}\n`));
});

test("a wrong vmlinux is refused by both build-ids", () => {
  const other = "ab".repeat(20);
  assert.ok(
    said({ "old/vmlinux": { buildId: other } }, "old/vmlinux").includes(
      `refused  old/vmlinux is of another build: its build-id is ${other}, the dump's kernel has ${buildId}\n`,
    ),
  );
});

test("a stripped vmlinux is told from one of another build", () => {
  const text = said({ "dump/vmlinux": { buildId, symbols: false, dwarf: false } });
  assert.match(text, /refused {2}dump\/vmlinux has the dump's build-id, but it was stripped: it has neither symbols nor debuginfo$/m); // prettier-ignore
});

test("the vmlinux that is used is named, whether it was given or found", () => {
  for (const named of ["dump/vmlinux", undefined])
    assert.match(said({ "dump/vmlinux": { buildId } }, named), /^ {2}vmlinux: dump\/vmlinux$/m);
});

test("a missing module is named with its build-id; one from outside of the kernel's tree is in no package", () => {
  // Built vmlinux files have no kernel in them: the dump's own symbols list the modules, and the vmlinux is made up.
  const text = reportText({ ...debuginfoReport({ vmcore }), vmlinux: "vmlinux" });
  assert.match(text, /^Modules, 0 of 8 with debuginfo:$/m);
  assert.match(text, /^ {2}virtio_blk: no debuginfo \(build-id [0-9a-f]{40}\)$/m);
  assert.match(text, /^To get the modules' debuginfo of this Debian kernel:$/m);
  assert.match(text, /^Not of the kernel's own tree: lab_nullderef\. Name the directory of the \.ko files .* by --modules DIR\.$/m); // prettier-ignore
});
