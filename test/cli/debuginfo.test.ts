import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { reportText } from "../../src/cli/debuginfo.ts";
import { installAdvice } from "../../src/session/find/distribution.ts";
import { type DebuginfoReport, searchingDebuginfo } from "../../src/session/find/debuginfoReport.ts";
import { modules } from "../../src/linux/module/module.ts";
import { type OpenOptions, openSession } from "../../src/session/open/open.ts";
import { toEnd } from "../../src/base/job.ts";
import { buildIdNote } from "../builders/debuginfoFile.ts";
import { ALLOC, elfBytes } from "../builders/elf.ts";
import { debuginfoPlaces } from "../builders/debuginfoPlaces.ts";

const debuginfoReport = (options: OpenOptions): DebuginfoReport => toEnd(searchingDebuginfo(options));

const vmcore = ["sample/vmcore"];
const buildId = debuginfoReport({ vmcore }).buildId!;

/** The report on the sample, on a machine with these files; the machine's own root is left out of paths. */
function said(files: Parameters<typeof debuginfoPlaces>[0], named?: string): string {
  const search = debuginfoPlaces(files);
  const vmlinux = named === undefined ? undefined : join(search.root, named);
  return reportText(debuginfoReport({ vmcore, vmlinux, search })).replaceAll(`${search.root}/`, "");
}

test("if no debuginfo is found, the package and the debuginfod server that have it are named", () => {
  const text = said({});
  assert.match(text, /^ {2}vmlinux: none found$/m);
  assert.match(text, /^ {2}absent {3}usr\/lib\/debug\/boot\/vmlinux-6\.1\.0-56-cloud-amd64$/m);
  assert.match(text, /^To get the vmlinux of this Debian kernel:\n {2}apt-get install linux-image-6\.1\.0-56-cloud-amd64-dbg=6\.1\.192-2$/m); // prettier-ignore
  assert.match(text, /^ {2}or: DEBUGINFOD_URLS=https:\/\/debuginfod\.debian\.net vmcore-debug debuginfo --download sample\/vmcore$/m); // prettier-ignore
});

test("a wrong vmlinux is refused by both build IDs", () => {
  const other = "ab".repeat(20);
  assert.ok(
    said({ "old/vmlinux": { buildId: other } }, "old/vmlinux").includes(
      `refused  old/vmlinux is of another build: its build ID is ${other}, the dump's kernel has ${buildId}\n`,
    ),
  );
});

test("a stripped vmlinux and one of another build are reported differently", () => {
  const text = said({ "dump/vmlinux": { buildId, symbols: false, dwarf: false } });
  assert.match(text, /refused {2}dump\/vmlinux has the dump's build ID, but it was stripped: it has neither symbols nor debuginfo$/m); // prettier-ignore
});

test("the vmlinux in use is named, both if it was given and if it was found", () => {
  for (const named of ["dump/vmlinux", undefined])
    assert.match(said({ "dump/vmlinux": { buildId } }, named), /^ {2}vmlinux: dump\/vmlinux$/m);
});

test("a missing module is named with its build ID; a module from outside of the kernel's tree is in no package", () => {
  // Built vmlinux files have no kernel in them: the dump's own symbols list the modules, and the vmlinux is made up.
  const text = reportText({ ...debuginfoReport({ vmcore }), vmlinux: "vmlinux", hasDwarf: true });
  assert.match(text, /^Modules, 0 of 8 with debuginfo:$/m);
  assert.match(text, /^ {2}virtio_blk: no debuginfo \(build ID [0-9a-f]{40}\)$/m);
  assert.match(text, /^To get the modules' debuginfo of this Debian kernel:$/m);
  assert.match(text, /^Not of the kernel's own tree: lab_nullderef\. Name the directory of the \.ko files .* by --modules DIR\.$/m); // prettier-ignore
});

test("a vmlinux without DWARF is used, and the remedy for lines and locals is printed", () => {
  const text = said({ "dump/vmlinux": { buildId, dwarf: false } });
  assert.match(text, /^ {2}vmlinux: dump\/vmlinux$/m);
  assert.match(text, /^ {2}taken {4}dump\/vmlinux has the dump's build ID, but no DWARF: no source lines, no locals$/m);
  assert.match(text, /^To get a vmlinux with DWARF of this Debian kernel:$/m);
});

test("if VMCOREINFO's build ID is garbage, the kernel's own is printed and used for the search", () => {
  const garbage = "00112233".repeat(5);
  const bytes = readFileSync("sample/vmcore");
  bytes.write(garbage, bytes.indexOf(`BUILD-ID=${buildId}`) + "BUILD-ID=".length, "latin1");
  const byBuildId = `usr/lib/debug/.build-id/${buildId.slice(0, 2)}/${buildId.slice(2)}.debug`;
  const search = debuginfoPlaces({ "dump/vmcore": bytes, [byBuildId]: { buildId } });
  const text = reportText(debuginfoReport({ vmcore: [join(search.root, "dump/vmcore")], search }));
  assert.ok(text.includes(` build ID: ${buildId}\n           (VMCOREINFO has ${garbage}, which some stable kernels of autumn 2024 computed wrongly)\n`)); // prettier-ignore
  assert.match(text, /^ {2}vmlinux: \S+\.debug$/m);
  assert.match(text, /\.debug has the build ID that the kernel has in memory$/m);
});

test("a missing file with the DWARF that dwz moved is named", () => {
  const link = Buffer.concat([Buffer.from("../dwz/kernel\0"), Buffer.from("cd".repeat(20), "hex")]);
  const text = said({ "dump/vmlinux": { buildId, sections: [{ name: ".gnu_debugaltlink", bytes: link }] } });
  assert.match(text, /^ {2}taken {4}dump\/vmlinux has the dump's build ID; but the names and types that dwz moved to dwz\/kernel are unknown, because that file is missing or has another build ID$/m); // prettier-ignore
  const places = debuginfoPlaces({ vmlinux: { buildId, sections: [{ name: ".gnu_debugaltlink", bytes: link }] } });
  const session = openSession({ vmcore, vmlinux: join(places.root, "vmlinux") });
  assert.match(
    session.warnings.join(),
    /vmlinux can be used; but the names and types that dwz moved to \S+dwz\/kernel are unknown, because that file is missing or has another build ID/,
  );
  session.close();
});

test("a wrong vmlinux is recognized by its release, or by its build time if it has no build ID", () => {
  const bare = openSession({ vmcore });
  const { symbols } = bare.kernel;
  const [stext, banner] = ["_stext", "linux_banner"].map((name) => symbols.find(name)!.address) as [bigint, bigint];
  bare.close();
  const vmlinux = (text: string, id?: string) =>
    elfBytes({
      machine: 62,
      sections: [
        { name: ".rodata", bytes: Buffer.from(text.padEnd(600, "\0")), flags: ALLOC, address: banner },
        { name: ".debug_info", bytes: new Uint8Array(0) },
        ...(id === undefined ? [] : [{ name: ".note.gnu.build-id", type: 7, bytes: buildIdNote(id) }]),
      ],
      symbols: [
        { name: "_stext", value: stext, section: 1 },
        { name: "linux_banner", value: banner, section: 1 },
      ],
    });
  const id = "ab".repeat(20);
  assert.match(
    said({ "dump/vmlinux": vmlinux("Linux version 6.12.9 (me) #1", id) }),
    /refused {2}dump\/vmlinux is of another kernel, Linux 6\.12\.9; the dump is of 6\.1\.0-56-cloud-amd64: its build ID is (ab){20}, the dump's kernel has [0-9a-f]{40}$/m,
  );
  assert.match(
    said({ "dump/vmlinux": vmlinux("Linux version 6.1.0-56-cloud-amd64 (me) #2 Mon") }),
    /refused {2}dump\/vmlinux is of another build of 6\.1\.0-56-cloud-amd64: its version text is "Linux version 6\.1\.0-56-cloud-amd64 \(me\) #2 Mon", the kernel in memory has "Linux version 6\.1\.0-56-cloud-amd64 \(debian-kernel@/m,
  );
});

test("a stripped vmlinux that the user names does not hide data that the dump contains", (t) => {
  const { root } = debuginfoPlaces({ "dump/vmlinux": { buildId, symbols: false, dwarf: false } });
  const session = openSession({ vmcore, vmlinux: join(root, "dump/vmlinux") });
  t.after(() => session.close());
  assert.match(session.warnings.join(), /dump\/vmlinux was stripped: symbols and types are read from the dump/);
  assert.equal([...modules(session.kernel)].length, 8);
});

test("a forged release in a dump is neither printed as control characters nor part of a command", () => {
  const report = debuginfoReport({ vmcore });
  const release = "6.1.0;id|sh\u001b]0;x\u0007";
  const text = reportText({ ...report, release, advice: installAdvice(release, report.version!) });
  assert.match(text, /^ {3}kernel: 6\.1\.0;id\|sh\^\[\]0;x\^G on x86_64$/m);
  assert.doesNotMatch(text, /\u001b|\u0007|apt-get/);
});

test("the note that no debuginfod server has a file is reported", () => {
  assert.match(said({ [`cache/${buildId}/debuginfo`]: "" }), /^ {2}absent {3}cache\/[0-9a-f]{40}\/debuginfo is empty: debuginfod noted that no server has it$/m); // prettier-ignore
});
