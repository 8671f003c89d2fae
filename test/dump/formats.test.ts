import assert from "node:assert/strict";
import { test } from "node:test";
import { openFile } from "../../src/base/file.ts";
import { openDump } from "../../src/dump/formats.ts";
import { answer, held, refusal } from "../builders/opened.ts";

const looks: [string, Uint8Array, RegExp][] = [
  ["an empty file", new Uint8Array(0), /^truncated: file 1 is not a dump: the file is empty$/],
  ["gzip", Buffer.from("1f8b0800", "hex"), /gzip: unpack it with gunzip$/],
  ["xz", Buffer.from("fd377a585a00", "hex"), /xz: unpack it with unxz$/],
  ["zstd", Buffer.from("28b52ffd", "hex"), /zstd: unpack it with unzstd$/],
  ["text", Buffer.from("[    0.000000] Linux version 6.1\n"), /not a dump: it is text$/],
  ["zeros", Buffer.alloc(5000), /only zeros$/],
  [
    "anything else",
    Buffer.from([1, 2, 3, 0, 255]),
    /data of unknown kind \(memory without a header needs --base ADDRESS\)$/,
  ],
  ["a zip archive", Buffer.from("PK\x03\x04"), /not a dump: it is a zip archive: unpack it first$/],
  ["a package of Debian", Buffer.from("!<arch>\n"), /it is an archive, such as a \.deb package or a static library$/],
  ["a package of Fedora", Buffer.from("edabeedb", "hex"), /it is an RPM package$/],
  ["a dump of Windows of 32 bits", Buffer.from("PAGEDUMP"), /a dump of Windows: open it with WinDbg$/],
  ["a dump of Windows", Buffer.from("PAGEDU64"), /a dump of Windows: open it with WinDbg$/],
  ["a minidump", Buffer.from("MDMP\x93\xa7"), /a minidump of a process: open it with WinDbg or lldb$/],
  [
    "qcow2",
    Buffer.from("QFI\xfb\0\0\0\x03", "latin1"),
    /a QEMU disk image \(qcow2\), whose snapshots can contain memory: start the guest from the snapshot with `qemu-system/,
  ],
  [
    "a save of libvirt that broke off",
    Buffer.from("LibvirtQemudPart\0"),
    /did not complete: dump the guest with `virsh/,
  ],
  [
    "a page of a web server",
    Buffer.from("\n<!DOCTYPE html><html>"),
    /it is an HTML page: the address may lead to a page/,
  ],
  ["a Xen save", Buffer.from("LinuxGuestRecord\0"), /a saved Xen guest .*: dump the guest with `xl dump-core`$/],
  [
    "a Mission Critical dump",
    Buffer.from("ddcc8b9a00", "hex"),
    /a crash dump of Mission Critical Linux: open it with a crash of its time$/,
  ],
  ["LUKS", Buffer.from("LUKS\xba\xbe\0", "latin1"), /an encrypted image \(LUKS\): open it with `cryptsetup open`/],
  ["openssl enc", Buffer.from("Salted__\0"), /encrypted with openssl: decrypt it with `openssl enc -d`$/],
  ["PGP", Buffer.from("-----BEGIN PGP MESSAGE-----"), /encrypted with PGP: decrypt it with `gpg --decrypt`$/],
  ["age", Buffer.from("age-encryption.org/v1\n"), /encrypted with age: decrypt it with `age --decrypt`$/],
  [
    "VirtualBox",
    Buffer.from("\x7fVirtualBox SavedState V2.0\n"),
    /a saved VirtualBox guest: .*`VBoxManage debugvm VM dumpvmcore/,
  ],
  [
    "a VirtualBox disk",
    Buffer.from("<<< Oracle VM VirtualBox Disk Image >>>"),
    /a VirtualBox disk image: dump the guest$/,
  ],
  [
    "a placeholder of Debian",
    Buffer.from("ffffffffffffffff B The real System.map is in the linux-image-6.1.0-56-cloud-amd64-dbg package\n"),
    /the placeholder of a System\.map in Debian's \/boot: name the one in the -dbg package$/,
  ],
  ["Hyper-V", Buffer.from("1420280100", "hex"), /a saved Hyper-V guest \(\.vmrs\): let kdump in the guest/],
];
for (const [what, bytes, message] of looks) {
  test(`${what} is no dump, and the message says what it looks like`, () => assert.match(refusal(bytes), message));
}

test("no file at all is refused", () => {
  assert.match(refusal(), /no dump file given/);
});

test("the sample opens as what it is", () => {
  const image = openDump([openFile("sample/vmcore")]);
  assert.equal(image.format, "kdump-compressed");
  assert.deepEqual([image.byteOrder, image.wordSize, image.pageSize, image.maxPfn], ["little", 8, 4096, 32768]);
  assert.deepEqual(
    image.notes.map((note) => note.name),
    ["CORE", "CORE", "QEMU", "QEMU", "VMCOREINFO"],
  );
  assert.match(image.vmcoreinfo ?? "", /^OSRELEASE=6\.1\.0-56-cloud-amd64\nBUILD-ID=[0-9a-f]{40}\n/);
  assert.equal(image.facts.utsname?.nodename, "lab-guest");
  assert.deepEqual(
    [image.facts.headerVersion, image.facts.dumpLevel, image.facts.compression, image.facts.physBase],
    [6, 31, "zlib", -0x1a000000n],
  );
  const pfns = [...held(image)];
  assert.equal(pfns.length, 16113);
  assert.ok(pfns.every((pfn) => image.page(pfn) instanceof Uint8Array));
  assert.match(answer(image, 32767), /^excluded|^missing/);
  image.close();
});

test("a failing disk is an answer, not an exception", () => {
  const file = openFile("sample/vmcore");
  let failing = false;
  const image = openDump([
    {
      name: "disk",
      size: file.size,
      close() {},
      read(offset, length) {
        if (failing) throw Object.assign(new Error("i/o error"), { code: "EIO" });
        return file.read(offset, length);
      },
    },
  ]);
  const pfn = image.next(5000);
  assert.ok(image.page(pfn) instanceof Uint8Array);
  failing = true;
  for (const other of [image.next(pfn + 1), image.next(20000)]) {
    assert.match(answer(image, other), /^truncated: disk cannot be read at offset \d+ \(EIO\)$/);
  }
  assert.ok(image.page(pfn) instanceof Uint8Array);
  file.close();
});
