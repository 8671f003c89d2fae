import assert from "node:assert/strict";
import { readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { gzipSync } from "node:zlib";
import { toEnd } from "../../../src/base/job.ts";
import { openFile } from "../../../src/base/file.ts";
import { openDump } from "../../../src/dump/formats.ts";
import { openMemory } from "../../../src/memory/openMemory.ts";
import type { DebuginfoPlaces } from "../../../src/session/find/debuginfoPlaces.ts";
import { openSession } from "../../../src/session/open/open.ts";
import { isEmpty, searchingVmlinux, tryVmlinux } from "../../../src/session/find/vmlinuxSearch.ts";
import { debuginfoFile } from "../../builders/debuginfoFile.ts";
import { debuginfoPlaces } from "../../builders/debuginfoPlaces.ts";

const opened = openMemory(openDump([openFile("sample/vmcore")]));
const searched = (...of: Parameters<typeof searchingVmlinux>) => toEnd(searchingVmlinux(...of));
const [buildId = "", release = ""] = ["BUILD-ID", "OSRELEASE"].map((key) => opened.vmcoreinfo?.text(key));
const other = "ff".repeat(20);

/** What the search says of the files that are there, by their path in the file system. */
function account(t: TestContext, places: DebuginfoPlaces): string[] {
  const { vmlinux, tries } = searched(opened, { search: places });
  t.after(() => vmlinux?.close());
  return tries
    .filter(({ outcome }) => outcome !== "absent")
    .map(({ path, outcome, why }) => `${outcome} ${path.slice(places.root.length + 1)} ${why}`);
}

test("a vmlinux is found in each place where a distribution installs it", (t) => {
  for (const path of [
    `dump/vmlinux`,
    `dump/vmlinux-${release}`,
    `mine/vmlinux-${release}`,
    `mine/boot/vmlinux-${release}`,
    `mine/.build-id/${buildId.slice(0, 2)}/${buildId.slice(2)}.debug`,
    `mine/usr/lib/debug/lib/modules/${release}/vmlinux`,
    `usr/lib/debug/.build-id/${buildId.slice(0, 2)}/${buildId.slice(2)}.debug`,
    `usr/lib/debug/boot/vmlinux-${release}`,
    `usr/lib/debug/lib/modules/${release}/vmlinux`,
    `usr/lib/debug/usr/lib/modules/${release}/vmlinux.debug`,
    `usr/lib/modules/${release}/build/vmlinux`,
    `boot/vmlinux-${release}`,
    `cache/${buildId}/debuginfo`,
  ]) {
    assert.deepEqual(account(t, debuginfoPlaces({ [path]: { buildId } })), [`taken ${path} has the dump's build ID`]);
  }
});

test("a vmlinux of another build or architecture, a module and a file that is not ELF are refused, and the search continues", (t) => {
  const said = account(
    t,
    debuginfoPlaces({
      "dump/vmlinux": { buildId: other },
      [`mine/vmlinux-${release}`]: "not a kernel",
      "mine/vmlinux": { buildId, type: 1 },
      [`mine/boot/vmlinux-${release}`]: { buildId, machine: 183 },
      [`boot/vmlinux-${release}`]: { buildId },
    }),
  );
  assert.match(said[0]!, new RegExp(`^refused dump/vmlinux is of another build: its build ID is ${other}, the dump's kernel has ${buildId}$`)); // prettier-ignore
  assert.match(said[1]!, /^refused mine\/vmlinux-\S+ is not a vmlinux: it is text$/);
  assert.equal(said[2], "refused mine/vmlinux is a kernel module or an object file, not a vmlinux");
  assert.match(said[3]!, /^refused \S+ is for another architecture than the dump, which is x86_64$/);
  assert.match(said[4]!, /^taken boot\//);
});

test("a stripped vmlinux is refused; one with symbols alone is used if there is none with DWARF", (t) => {
  const stripped = { buildId, symbols: false, dwarf: false };
  const lone = { buildId, dwarf: false };
  assert.deepEqual(account(t, debuginfoPlaces({ "dump/vmlinux": stripped, "mine/vmlinux": lone })), [
    "refused dump/vmlinux has the dump's build ID, but it was stripped: it has neither symbols nor debuginfo",
    "taken mine/vmlinux has the dump's build ID, but no DWARF: no source lines, no locals",
  ]);
  assert.deepEqual(account(t, debuginfoPlaces({ "dump/vmlinux": lone, "mine/vmlinux": { buildId } })), [
    "refused dump/vmlinux has the dump's build ID, but no DWARF: no source lines, no locals",
    "taken mine/vmlinux has the dump's build ID",
  ]);
});

test("a stripped vmlinux with BTF is used if there is no better one; one with symbols is preferred to it", (t) => {
  const typed = { buildId, symbols: false, dwarf: false, sections: [{ name: ".BTF", bytes: new Uint8Array(8) }] };
  const [alone, before] = [
    "has the dump's build ID, but it was stripped: types (BTF) alone",
    "has the dump's build ID, but no DWARF: no source lines, no locals",
  ];
  assert.deepEqual(account(t, debuginfoPlaces({ "dump/vmlinux": typed })), [`taken dump/vmlinux ${alone}`]);
  const lone = { buildId, dwarf: false };
  assert.deepEqual(account(t, debuginfoPlaces({ "dump/vmlinux": typed, "mine/vmlinux": lone })), [
    `refused dump/vmlinux ${alone}`,
    `taken mine/vmlinux ${before}`,
  ]);
  assert.deepEqual(account(t, debuginfoPlaces({ "dump/vmlinux": lone, "mine/vmlinux": typed })), [
    `taken dump/vmlinux ${before}`,
    `refused mine/vmlinux ${alone}`,
  ]);
});

test("if VMCOREINFO's build ID is garbage, the one of the notes in memory is used", (t) => {
  const dump = openDump([openFile("sample/vmcore")]);
  const garbage = "00".repeat(20);
  const vmcoreinfo = dump.vmcoreinfo!.replace(buildId, garbage);
  const broken = openMemory(dump, { vmcoreinfo });
  assert.equal(broken.vmcoreinfo?.text("BUILD-ID"), garbage);
  const places = debuginfoPlaces({
    "dump/vmlinux": { buildId: other },
    [`usr/lib/debug/.build-id/${buildId.slice(0, 2)}/${buildId.slice(2)}.debug`]: { buildId },
  });
  const { vmlinux, tries } = searched(broken, { search: places });
  t.after(() => vmlinux?.close());
  assert.match(vmlinux?.path ?? "", /\.build-id/);
  assert.equal(tries.at(-1)?.why, "has the build ID that the kernel has in memory");
  assert.equal(
    tries.find(({ outcome }) => outcome === "refused")?.why,
    `is of another build: its build ID is ${other}, the dump's kernel has ${buildId}`,
  );
});

test("a place that cannot be looked at is passed over", (t) => {
  const places = debuginfoPlaces({ "store/none": "" });
  // As in a home directory of another user: the system call fails, and not because nothing is there.
  symlinkSync(buildId, join(places.root, "store", buildId));
  assert.ok(!isEmpty(join(places.root, "store", buildId, "debuginfo")));
  assert.deepEqual(account(t, places), []);
});

test("a file with two names is tried once", (t) => {
  const places = debuginfoPlaces({ "dump/vmlinux": { buildId: other } });
  symlinkSync("vmlinux", join(places.root, `dump/vmlinux-${release}`));
  assert.equal(account(t, places).length, 1);
});

test("a file without a build ID is not taken on its name alone", (t) => {
  assert.match(
    account(t, debuginfoPlaces({ "dump/vmlinux": {} })).join(),
    /^refused dump\/vmlinux has no build ID to compare$/,
  );
});

test("a session searches only in the given places", (t) => {
  const places = debuginfoPlaces({ "dump/vmlinux": { buildId } });
  const bare = openSession({ vmcore: ["sample/vmcore"] });
  const found = openSession({ vmcore: ["sample/vmcore"], search: places });
  t.after(() => [bare, found].forEach((session) => session.close()));
  assert.equal(bare.vmlinux, undefined);
  assert.equal(found.context.session.vmlinux, join(places.root, "dump/vmlinux"));
});

test("a file that is not a vmlinux is reported with what it is", () => {
  const at = (place: number, magic: string): Uint8Array => {
    const bytes = Buffer.alloc(4096, "MZ");
    bytes.write(magic, place, "latin1");
    return bytes;
  };
  const boot = "is a boot image (vmlinuz), which has neither symbols nor debuginfo: name the vmlinux of the same build"; // prettier-ignore
  for (const [contents, why] of [
    [at(0x202, "HdrS"), "is a boot image (vmlinuz) that was cut off, or whose header is damaged"],
    [at(0x38, "ARM\x64"), boot],
    [at(4, "zimg"), boot],
    [gzipSync("x"), "is not a vmlinux: it is compressed with gzip: unpack it with gunzip"],
    ["", "is not a vmlinux: it is empty"],
    [readFileSync("sample/vmcore").subarray(0, 4096), "is a dump, not a vmlinux"],
    [debuginfoFile({ type: 4 }), "is a dump, not a vmlinux"],
    ["\x7fELF", "is a damaged or truncated ELF file: unknown ELF class (none)"],
  ] as const) {
    const path = join(debuginfoPlaces({ "mine/vmlinux": contents }).root, "mine/vmlinux");
    const { outcome, why: told } = tryVmlinux(path, opened);
    assert.deepEqual([outcome, told], ["refused", why]);
  }
});

test("a vmlinux that the user chose earlier for this kernel has priority; one of another kernel is not tried", (t) => {
  const { root } = debuginfoPlaces({ "mine/chosen": { buildId }, "mine/other": { buildId: other } });
  const chosen = join(root, "mine/chosen");
  const chosenVmlinux = { [other]: join(root, "mine/other"), [buildId]: chosen };
  const { vmlinux, tries } = searched(opened, { chosenVmlinux, preferredVmlinux: [join(root, "mine/other")] });
  t.after(() => vmlinux?.close());
  assert.equal(vmlinux?.path, chosen);
  assert.deepEqual(
    tries.map(({ path, outcome }) => [path, outcome]),
    [[chosen, "taken"]],
  );
});
