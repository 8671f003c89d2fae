import assert from "node:assert/strict";
import { test } from "node:test";
import { attempt, Fault } from "../../src/base/fault.ts";
import { openFile } from "../../src/base/file.ts";
import { openDump } from "../../src/dump/formats.ts";
import type { DumpImage, Note } from "../../src/dump/format.ts";
import { kaslrOffset, openingMemory, openMemory } from "../../src/memory/openMemory.ts";
import { ByteWriter } from "../builders/byteWriter.ts";
import { dumpOf, Machine } from "../builders/machine.ts";
import { noteBytes } from "../builders/notes.ts";

const IMAGE = 0xffffffff9b000000n;
/** Offset of the root table in the image. */
const ROOT = 0x10000n;

/** A kernel image of 2 MiB at `physical`, mapped at IMAGE; a word of it reads "kernel". */
function kernelMachine(physical: bigint): { machine: Machine; root: bigint; text: string } {
  const machine = new Machine(physical + ROOT);
  const root = machine.table();
  machine.map(root, IMAGE, physical, 2097152);
  machine.put(physical, "kernel");
  const physBase = physical - (IMAGE - 0xffffffff80000000n);
  return { machine, root, text: vmcoreinfo(physBase) };
}

const vmcoreinfo = (physBase: bigint, release = "6.1.0"): string =>
  [
    `OSRELEASE=${release}`,
    "PAGESIZE=4096",
    `SYMBOL(swapper_pg_dir)=${(IMAGE + ROOT).toString(16)}`,
    `SYMBOL(_stext)=${IMAGE.toString(16)}`,
    `NUMBER(phys_base)=${physBase}`,
    "KERNELOFFSET=1a000000",
    "",
  ].join("\n");

/** What opened, in a form to compare. */
function account(image: DumpImage, options: Parameters<typeof openMemory>[1] = {}): string {
  const opened = attempt(() => openMemory(image, options));
  if (opened instanceof Fault) return `${opened.kind}: ${opened.message}`;
  return [
    opened.vmcoreinfo?.text("OSRELEASE") ?? "no VMCOREINFO",
    attempt(() => opened.memory.cString(IMAGE)),
    ...opened.doubts,
  ].join("; ");
}

test("an ordinary dump contains the location of its kernel: memory is not searched", () => {
  const { machine, text } = kernelMachine(0x40_0000n);
  const steps = openingMemory(machine.image({ vmcoreinfo: text }));
  assert.equal(steps.next().done, true);
  assert.equal(account(machine.image({ vmcoreinfo: text })), "6.1.0; kernel");
});

test("a wrong phys_base is found out, and the root table found by search", () => {
  const { machine } = kernelMachine(0x40_0000n);
  const image = machine.image({ vmcoreinfo: vmcoreinfo(0x1234_0000n) });
  assert.equal(account(image), "6.1.0; kernel; the kernel's page tables were found by a search of memory");
});

test("lost page tables are reported, and the kernel image is read without them", () => {
  const machine = new Machine();
  machine.put(0x40_0000n, "kernel");
  const image = machine.image({ vmcoreinfo: vmcoreinfo(0x40_0000n - (IMAGE - 0xffffffff80000000n)) });
  assert.equal(account(image), "6.1.0; kernel; the kernel's page tables are not in the dump");
});

test("contradictory page tables are reported if no others are found", () => {
  const { machine, root, text } = kernelMachine(0x40_0000n);
  machine.put(root, new Uint8Array(4096));
  const refused = "Fault: not mapped (PGD entry 0); the kernel's page tables contradict VMCOREINFO";
  assert.equal(account(machine.image({ vmcoreinfo: text })), `6.1.0; ${refused}`);
});

test("program headers with virtual addresses give the root table", () => {
  const { machine, text } = kernelMachine(0x40_0000n);
  const segments = [{ virtual: IMAGE, physical: 0x40_0000n, fileSize: 0x20_0000n, memorySize: 0x20_0000n }];
  const image = machine.image({ vmcoreinfo: text.replace(/NUMBER.*\n/, ""), segments });
  assert.equal(account(image), "6.1.0; kernel");
});

test("VMCOREINFO is found in memory, as data and as a note", () => {
  const searched = "VMCOREINFO was found by a search of memory";
  const asData = kernelMachine(0x40_0000n);
  asData.machine.put(0x80_0000n, asData.text);
  assert.equal(account(asData.machine.image()), `6.1.0; kernel; ${searched}`);

  const asNote = kernelMachine(0x40_0000n);
  asNote.machine.put(0x80_0000n, noteBytes([{ name: "VMCOREINFO", type: 0, desc: asNote.text }], "little"));
  assert.equal(account(asNote.machine.image()), `6.1.0; kernel; ${searched}`);
});

test("of several VMCOREINFO texts in memory the one with existing page tables is used", () => {
  const { machine, text } = kernelMachine(0x40_0000n);
  const moved = text.replaceAll("ffffffff9b", "ffffffffa5").replace("6.1.0", "of another boot");
  machine.put(0x2000n, moved);
  machine.put(0x80_0000n, text);
  assert.equal(account(machine.image()), "6.1.0; kernel; VMCOREINFO was found by a search of memory");
});

test("a text in memory that needs its page tables searched waits for one that does not", () => {
  const { machine, text } = kernelMachine(0x40_0000n);
  machine.put(0x2000n, vmcoreinfo(0x1234_0000n, "uncertain"));
  assert.match(
    account(machine.image()),
    /^uncertain; kernel; VMCOREINFO was found.*; the kernel's page tables were found/,
  );
  machine.put(0x80_0000n, text);
  assert.equal(account(machine.image()), "6.1.0; kernel; VMCOREINFO was found by a search of memory");
});

test("an empty VMCOREINFO note is skipped", () => {
  const { machine, text } = kernelMachine(0x40_0000n);
  machine.put(0x80_0000n, text);
  const image = machine.image({ vmcoreinfo: "\0\0" });
  assert.equal(account(image), "6.1.0; kernel; VMCOREINFO was found by a search of memory");
});

test("text that only begins like VMCOREINFO is passed over", () => {
  const { machine, text } = kernelMachine(0x40_0000n);
  machine.put(0x2000n, "OSRELEASE=a shell script\n");
  machine.put(0x3100n, text.replace("6.1.0", "not at the start of a page"));
  machine.put(0x80_0000n, text);
  assert.equal(account(machine.image()), "6.1.0; kernel; VMCOREINFO was found by a search of memory");
});

test("a search of memory can be stopped on the way", () => {
  const pages = new Map(Array.from({ length: 1000 }, (_, pfn) => [pfn, new Uint8Array(4096)]));
  const steps = openingMemory(dumpOf(pages));
  const first = steps.next();
  assert.deepEqual(first.done === true ? undefined : { total: first.value.total }, { total: 1000 });
});

test("VMCOREINFO given by the user replaces the dump's", () => {
  const { machine, text } = kernelMachine(0x40_0000n);
  const image = machine.image({ vmcoreinfo: vmcoreinfo(0n, "wrong") });
  assert.equal(account(image, { vmcoreinfo: text }), "6.1.0; kernel");
});

const cpuNotes = (cr3: bigint): readonly Note[] => {
  const general = new Uint8Array(336);
  const own = new ByteWriter()
    .u32(1)
    .u32(440)
    .append(new Uint8Array(18 * 8 + 10 * 24));
  for (const value of [0n, 0n, 0n, cr3, 0n, 0n]) own.u64(value);
  return [
    { name: "CORE", type: 1, desc: general },
    { name: "QEMU", type: 0, desc: own.done() },
  ];
};

test("without any VMCOREINFO the page tables of a CPU lead to the kernel", () => {
  const { machine, root } = kernelMachine(0x40_0000n);
  const image = machine.image({ notes: cpuNotes(root | 0x801n) });
  assert.equal(account(image), "no VMCOREINFO; kernel; there is no VMCOREINFO; page tables are those that a CPU used");
  const opened = openMemory(image);
  assert.equal(opened.imageStart, IMAGE);
  assert.equal(
    kaslrOffset(opened, (name) => (name === "_text" ? 0xffffffff81000000n : undefined)),
    0x1a000000n,
  );
});

test("for a CPU in user mode the kernel's table of the pair of tables is used", () => {
  const { machine, root } = kernelMachine(0x40_0000n);
  machine.table();
  machine.map(root, IMAGE + 0x20_0000n, 0x40_0000n, 2097152);
  machine.map(root + 4096n, IMAGE, 0x40_0000n, 2097152);
  assert.equal(openMemory(machine.image({ notes: cpuNotes(root + 4096n) })).paging.kernelRoot, root);
});

test("a dump without a kernel is refused in words", () => {
  const image = dumpOf(new Map([[1, new Uint8Array(4096)]]), { notes: cpuNotes(0x1000n) });
  assert.match(account(image), /^unknown: no kernel found/);
});

test("a note of one CPU is joined with QEMU's note of the same CPU", () => {
  const { machine, text } = kernelMachine(0x40_0000n);
  const notes = [...cpuNotes(0x1000n), ...cpuNotes(0x2000n)];
  const image = machine.image({ vmcoreinfo: text, notes: [...notes].sort((a, b) => (a.name < b.name ? -1 : 1)) });
  assert.deepEqual(
    openMemory(image).cpuNotes.map(({ pageTableRoot }) => pageTableRoot),
    [0x1000n, 0x2000n],
  );
});

test("notes that cannot be paired stay separate", () => {
  const { machine, text } = kernelMachine(0x40_0000n);
  const image = machine.image({ vmcoreinfo: text, notes: [...cpuNotes(0x1000n), ...cpuNotes(0x2000n)].slice(1) });
  assert.deepEqual(
    openMemory(image).cpuNotes.map(({ pageTableRoot }) => pageTableRoot),
    [undefined],
  );
});

test("the KASLR offset is the difference between a symbol and its link address", () => {
  const { machine, text } = kernelMachine(0x40_0000n);
  const opened = openMemory(machine.image({ vmcoreinfo: text.replace("KERNELOFFSET=1a000000", "KERNELOFFSET=0") }));
  assert.equal(
    kaslrOffset(opened, (name) => (name === "_stext" ? 0xffffffff81000000n : undefined)),
    0x1a000000n,
  );
  assert.equal(
    kaslrOffset(opened, () => undefined),
    0n,
  );
});

test("32-bit arm dumps of makedumpfile count page frames from the start of memory", () => {
  const pages = new Map<number, Uint8Array>();
  const root = new Uint8Array(4096);
  new DataView(root.buffer).setUint32(8, 0x4020_940e, true);
  pages.set(0x207, root);
  pages.set(0x206, new Uint8Array(4096));
  pages.set(0x281, new TextEncoder().encode("kernel".padEnd(4096, "\0")));
  const arm: Partial<DumpImage> = {
    format: "kdump-compressed",
    wordSize: 4,
    elfMachine: 40,
    facts: { files: [], physBase: 0x4000_0000n },
    vmcoreinfo: "OSRELEASE=6.1.0\nPAGESIZE=4096\nSYMBOL(swapper_pg_dir)=c0204000\n",
  };
  const opened = openMemory(dumpOf(pages, arm));
  assert.deepEqual(opened.doubts, []);
  assert.equal(opened.memory.cString(0xc0281000n), "kernel");
  assert.equal(opened.memory.physical.next(0n), 0x4020_6000n);

  const counted = new Map([...pages].map(([pfn, page]) => [pfn + 0x40000, page]));
  assert.equal(openMemory(dumpOf(counted, arm)).memory.cString(0xc0281000n), "kernel");
});

const sample = (): DumpImage => openDump([openFile("sample/vmcore")]);

test("the sample dump opens to the kernel that its header names", () => {
  const { arch, memory, vmcoreinfo, doubts, cpuNotes } = openMemory(sample());
  const name = (vmcoreinfo?.symbol("init_uts_ns") ?? 0n) + (vmcoreinfo?.number("OFFSET(uts_namespace.name)") ?? 0n);
  assert.equal(memory.cString(name + 130n), "6.1.0-56-cloud-amd64");
  assert.equal(arch.name, "x86_64");
  assert.deepEqual(doubts, []);
  assert.deepEqual(
    cpuNotes.map(({ pageTableRoot, registers }) => [pageTableRoot, registers.get("rip")]),
    [
      [0x57f0000n, 0xffffffff9b9c3643n],
      [0x5250000n, 0xffffffff9b03d023n],
    ],
  );
});

test("the sample's VMCOREINFO is also found by search, and is the same kernel's", () => {
  const image = sample();
  const opened = openMemory({ ...image, vmcoreinfo: undefined });
  assert.deepEqual(opened.doubts, ["VMCOREINFO was found by a search of memory"]);
  assert.equal(opened.paging.kernelRoot, openMemory(image).paging.kernelRoot);
});

test("the sample opens by its CPUs' page tables alone", () => {
  const image = sample();
  const hidden = { ...image, vmcoreinfo: undefined, next: () => -1 };
  const opened = openMemory(hidden);
  assert.equal(opened.imageStart, 0xffffffff9b000000n);
  assert.equal(opened.memory.cString(0xffffffff9cbf9b60n + 130n), "6.1.0-56-cloud-amd64");
});

test("the sample's direct map shows the same pages as physical memory", () => {
  const { memory } = openMemory(sample());
  const directMap = 0xffff8ef680000000n;
  let compared = 0;
  for (let at = memory.physical.next(0n); at !== undefined; at = memory.physical.next(at + 64n * 4096n)) {
    const page = memory.page(directMap + at);
    if (page instanceof Fault) continue; // reserved memory has no mapping
    assert.deepEqual(page, memory.physical.page(at));
    compared++;
  }
  assert.ok(compared > 200, `${compared} pages compared`);
});
