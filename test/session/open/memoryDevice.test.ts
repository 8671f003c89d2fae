/** The running kernel's memory through a device: a file in place of /dev/mem, with what the kernel says about it. */
import assert from "node:assert/strict";
import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { hostname, machine, tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { runningKernel } from "../../../src/session/open/liveKernel.ts";
import { isMemoryDevice, openMemoryDevice } from "../../../src/session/open/memoryDevice.ts";
import { liveness, openNamedImage } from "../../../src/session/open/namedImage.ts";
import { markedPage } from "../../builders/image.ts";
import { noteBytes } from "../../builders/notes.ts";
import { answers } from "../../builders/opened.ts";

const folder = mkdtempSync(join(tmpdir(), "vmcore-device-"));
after(() => rmSync(folder, { recursive: true }));
const path = (name: string): string => join(folder, name);
const text = (name: string, content: string): string => {
  writeFileSync(path(name), content);
  return path(name);
};

const note = noteBytes([{ name: "VMCOREINFO", type: 0, desc: "OSRELEASE=6.1.0\n" }], "little");
const iomem = text(
  "iomem",
  "00000000-00000fff : Reserved\n00001000-0009fbff : System RAM\n00100000-00102fff : System RAM\n  00100000-00100fff : Kernel code\n00103000-ffffffff : Reserved\n",
);
const vmcoreinfo = text("vmcoreinfo", "0x0000000000102000 1000\n");

function device(name: string, size: number): string {
  const fd = openSync(path(name), "w");
  ftruncateSync(fd, size);
  if (size > 0x100000) {
    writeSync(fd, markedPage(0x100), 0, 4096, 0x100000);
    writeSync(fd, note, 0, note.length, 0x102000);
  }
  closeSync(fd);
  return path(name);
}

test("a device of memory is read where the machine has RAM, and the kernel's note tells the rest", () => {
  const image = openMemoryDevice(device("mem", 0x200000), { iomem, vmcoreinfo });
  try {
    assert.deepEqual([image.format, image.maxPfn, image.facts.live], ["physical memory", 0x103, "running"]);
    assert.deepEqual(
      [image.facts.utsname?.machine, image.facts.utsname?.nodename, image.vmcoreinfo],
      [machine(), hostname(), "OSRELEASE=6.1.0\n"],
    );
    assert.deepEqual(
      [image.next(0), image.has(0x9f), image.next(0x9f)],
      [1, false, 0x100],
      "only whole pages of RAM are the kernel's",
    );
    assert.deepEqual(answers(image, [0x100, 0x103]), ["page 256", "missing: page not in dump"]);
  } finally {
    image.close();
  }
});

test("a file with the name of a property of objects is no device, and an alias of memory is no memory", () => {
  assert.deepEqual(["/dev/mem", "toString", "constructor"].map(isMemoryDevice), [true, false, false]);
  const aliased = text("aliased", "00001000-0009ffff : System RAM\n00100000-00102fff : System RAM (kmem)\n80000000-800fffff : System RAM (boot alias)\n"); // prettier-ignore
  const image = openMemoryDevice(device("aliased-mem", 0x200000), { iomem: aliased, vmcoreinfo });
  assert.equal(image.maxPfn, 0x103);
  image.close();
});

test("a device of memory that cannot be read says why, and what to do", () => {
  const said = (name: string, facts: Partial<{ iomem: string; vmcoreinfo: string }>, message: RegExp): void =>
    assert.throws(() => openMemoryDevice(name, { iomem, vmcoreinfo, ...facts }), { name: "OpenError", message });
  said(
    path("none"),
    {},
    /^there is no .*none: name a dump; \/proc\/kcore, which kernels with CONFIG_PROC_KCORE have, needs no device$/,
  );
  said(folder, {}, /is a directory$/);
  // A kernel that keeps its memory from /dev/mem gives the first mebibyte only.
  said(
    device("strict", 0x100000),
    {},
    /strict does not give the memory at 0x100000: a kernel with CONFIG_STRICT_DEVMEM keeps its memory from \/dev\/mem; \/proc/,
  );
  const hidden = text("hidden", "00000000-00000000 : System RAM\n00000000-00000000 : System RAM\n");
  said(
    path("mem"),
    { iomem: hidden },
    /hidden hides the addresses of memory: run vmcore-debug, or the editor, as root/,
  );
  said(path("mem"), { iomem: path("none") }, /none names no System RAM, so that it is not known where memory is/);
});

test("a device of memory that is named and cannot be opened is an error", () => {
  const message = /^(?:there is no \/dev\/crash: load the module "crash"|\/dev\/crash may not be read|\/proc\/iomem )/;
  assert.throws(() => openNamedImage({ vmcore: ["/dev/crash"], raw: undefined, live: undefined }), { message });
  assert.match(liveness({ live: "running", files: ["/dev/mem"] }) ?? "", /^This is the running kernel: memory changes/);
});

test("without arguments the first file of the running kernel's memory is opened that can be read, else that exists", () => {
  const [none, found] = [path("none"), path("mem")];
  assert.equal(runningKernel([none, found, iomem]), found);
  assert.equal(runningKernel([none]), "/proc/kcore");
});
