import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { placesOf } from "../../../src/session/find/debuginfoPlaces.ts";
import { namedDump } from "../../../src/session/find/namedDump.ts";
import { openSession } from "../../../src/session/open/open.ts";
import { elfCore } from "../../builders/elfCore.ts";
import { vmwareFile } from "../../builders/hypervisorForms.ts";
import { markedPage } from "../../builders/image.ts";
import { kdumpFile } from "../../builders/kdump.ts";

const root = mkdtempSync(join(tmpdir(), "vmcore-dump-files-"));
after(() => rmSync(root, { recursive: true }));

/** A directory with files; a text is the contents, "sample" a dump. */
function directory(name: string, files: Readonly<Record<string, string | Uint8Array>>): string {
  const path = join(root, name);
  mkdirSync(path);
  for (const [file, bytes] of Object.entries(files)) writeFileSync(join(path, file), bytes);
  return path;
}
const core = elfCore({ segments: [{ physical: 4096, bytes: markedPage(1) }] });
const log = "[    0.000000] Linux version 6.1\n";

test("a directory opens as the dump in it, and debuginfo is searched for next to the dump", () => {
  const path = join(root, "host-2026");
  mkdirSync(path);
  copyFileSync("sample/vmcore", join(path, "vmcore"));
  writeFileSync(join(path, "vmcore-dmesg.txt"), log);
  const session = openSession({ vmcore: [path] });
  assert.deepEqual(session.context.session.vmcore, [join(path, "vmcore")]);
  session.close();
  assert.deepEqual(placesOf([path], [], {}).beside, [path]);
});

test("the parts of a split dump in a directory are opened together", () => {
  const pages = new Map([1, 40].map((pfn) => [pfn, { as: "raw", page: markedPage(pfn, 1024) } as const]));
  const part = (split: [number, number]): Uint8Array =>
    kdumpFile({
      blockSize: 1024,
      pages,
      maxMapnr: 100,
      excluded: [],
      notes: [],
      layout: "lp64",
      byteOrder: "little",
      split,
    });
  const path = directory("split", { "vmcore.1": part([0, 30]), "vmcore.2": part([30, 100]), "dmesg.1": log });
  assert.deepEqual(namedDump([path]), [join(path, "vmcore.1"), join(path, "vmcore.2")]);
});

test("a directory with several dumps or none says what is in it", () => {
  const several = directory("several", { vmcore: core, "vmcore-incomplete": core });
  assert.throws(() => namedDump([several]), /several contains several dumps: vmcore, vmcore-incomplete; name one$/);
  const onlyLog = directory("log", { "vmcore-dmesg.txt": log, vmlinux: elfCore({ type: 2, segments: [] }) });
  assert.throws(() => namedDump([onlyLog]), /no dump, but a log: read it with "vmcore-debug log .*vmcore-dmesg\.txt"$/);
  const none = directory("none", {});
  assert.throws(() => namedDump([none]), /none contains no dump: name the dump, or the directory that contains it$/);
  assert.throws(() => namedDump([root]), /contains no dump, but directories with dumps: .*several.*; name one$/);
});

test("a file with the name of a dump that is not one is named with the reason", () => {
  const why = (name: string, files: Readonly<Record<string, string | Uint8Array>>): string => {
    try {
      return namedDump([directory(name, files)]).join(" ");
    } catch (error) {
      return String(error).replaceAll(`${root}/`, "");
    }
  };
  assert.equal(
    why("full", { vmcore: "", "vmcore-dmesg.txt": log }),
    "OpenError: full contains no dump: full/vmcore is not a dump: the file is empty",
  );
  assert.equal(
    why("packed", { "vmcore.gz": Buffer.from("1f8b0800", "hex"), "kexec-dmesg.log": log }),
    "OpenError: packed contains no dump: packed/vmcore.gz is not a dump: it is compressed with gzip: unpack it with gunzip",
  );
  const pipe = directory("pipe", {});
  symlinkSync("vmcore", join(pipe, "vmcore"));
  assert.throws(
    () => namedDump([pipe]),
    /contains no dump: .*vmcore is a symbolic link that leads to itself; name the/,
  );
});

test("a VMware snapshot and its .vmem find each other", () => {
  const files = { "guest.vmss": vmwareFile({ groups: { memory: [] } }), "guest.vmem": markedPage(0) };
  const path = directory("vmware", files);
  const [checkpoint, memory] = [join(path, "guest.vmss"), join(path, "guest.vmem")];
  assert.deepEqual(namedDump([checkpoint]), [checkpoint, memory]);
  assert.deepEqual(namedDump([memory]), [memory, checkpoint]);
  assert.deepEqual(namedDump([path]), [checkpoint, memory]);
  assert.deepEqual(namedDump([memory], [{ first: 0, last: undefined }]), [memory], "raw memory is one file");
  const alone = join(directory("without its state", { "guest.vmem": markedPage(0) }), "guest.vmem");
  const said = /guest\.vmem: the memory of a VMware guest without its \.vmss or \.vmsn file: .* or give --base 0/;
  assert.throws(() => namedDump([alone]), said);
});

test("load.cmm finds the files that it names, in any case of letters", () => {
  const list = "d.load.binary DDRCS0_0.BIN 0x80000000\nd.load.binary GONE.BIN 0x90000000\n";
  const path = directory("ramdump", { "load.cmm": list, "ddrcs0_0.bin": markedPage(0), "other.bin": "other" });
  assert.deepEqual(namedDump([path]), [join(path, "load.cmm"), join(path, "ddrcs0_0.bin")]);
});

test("named files are left as they are, also when they do not exist", () => {
  assert.deepEqual(namedDump(["/no/such"]), ["/no/such"]);
  assert.deepEqual(namedDump(["sample/vmcore", "sample/vmcore"]), ["sample/vmcore", "sample/vmcore"]);
});
