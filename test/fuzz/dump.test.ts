import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { attempt, Fault } from "../../src/base/fault.ts";
import { bytesFile, type RandomFile } from "../../src/base/file.ts";
import type { DumpImage, OpenOptions } from "../../src/dump/format.ts";
import { formats, openDump } from "../../src/dump/formats.ts";
import { markedPage } from "../builders/image.ts";
import { elfCore } from "../builders/elfCore.ts";
import { flattened } from "../builders/flat.ts";
import { kdumpFile, type BuiltKdump, type Stored } from "../builders/kdump.ts";
import { vmwareFile, xenCoreFile } from "../builders/hypervisorForms.ts";
import { avmlFile, limeFile, qemuStreamFile } from "../builders/memoryForms.ts";
import { lkcdFile, s390File, sadumpFiles } from "../builders/oldDumps.ts";
import { type Below, survives } from "./fuzzing.ts";
import { mutated } from "./mutate.ts";

const MEBIBYTE = 1 << 20;

/** Asks the dump all that can be asked; every answer must keep the contract of DumpImage. */
function interrogate(image: DumpImage, below: (limit: number) => number): void {
  assert.ok(image.maxPfn >= 0 && Number.isSafeInteger(image.maxPfn));
  assert.ok(Number.isInteger(Math.log2(image.pageSize)) && image.pageSize <= MEBIBYTE);
  for (const note of image.notes) assert.ok(note.name.length < MEBIBYTE && note.desc.length < 16 * MEBIBYTE);
  assert.ok(image.segments.length >= 0 && image.facts.files.length > 0 && (image.vmcoreinfo ?? "").length <= MEBIBYTE);
  const asked = Array.from({ length: 12 }, () => below(Math.max(1, image.maxPfn)));
  for (let pfn = image.next(below(100)), steps = 0; pfn >= 0 && steps < 12; pfn = image.next(pfn + 1), steps++)
    asked.push(pfn);
  for (const pfn of asked) {
    const page = image.page(pfn);
    if (!(page instanceof Fault)) assert.equal(page.length, image.pageSize);
    const next = image.next(pfn);
    assert.ok(next === -1 || next >= pfn);
    assert.equal(image.has(pfn), next === pfn);
  }
}

/** Names of the formats of which damaged files were opened. */
const read = new Set<string>();

/** Opens mutations of the files and asks those that open. */
function opens(name: string, cases: number, make: (below: Below) => RandomFile[], raw?: OpenOptions["raw"]): void {
  const reading = (files: RandomFile[], below: Below): boolean => {
    const image = attempt(() => openDump(files, { cacheBytes: 4 * MEBIBYTE, ...(raw && { raw }) }));
    if (image instanceof Fault) return false;
    interrogate(image, below);
    read.add(image.format);
    return true;
  };
  survives(name, { cases, make, read: reading, accepted: 0.1 });
}

const sample = readFileSync("sample/vmcore");
/** Headers, notes, both bitmaps, the first 60 KiB of descriptors. */
const HEAD = 7 * 4096 + 60 * 1024;

opens("the sample's headers, notes, bitmaps and descriptors", 2000, (below) => {
  const head = mutated(sample.subarray(0, HEAD), below);
  return [withHead(sample, head)];
});

opens("the sample's first block alone", 1000, (below) => {
  const header = mutated(sample.subarray(0, 512), below);
  const sub = mutated(sample.subarray(4096, 4096 + 256), below);
  const head = Uint8Array.from(sample.subarray(0, 8192));
  head.set(header);
  head.set(sub, 4096);
  return [withHead(sample, head)];
});

/** The sample with another beginning; when that is shorter, the sample ends there. */
function withHead(whole: Uint8Array, head: Uint8Array): RandomFile {
  const size = head.length % 4096 === 0 ? whole.length : head.length;
  return {
    name: "sample",
    size,
    read(offset, length) {
      const end = Math.min(size, offset + length);
      if (!(offset >= 0) || !(offset < end)) return new Uint8Array(0);
      const bytes = Uint8Array.from(whole.subarray(offset, end));
      if (offset < head.length) bytes.set(head.subarray(offset, end));
      return bytes;
    },
    close() {},
  };
}

const ways = ["raw", "zlib", "snappy", "zstd"] as const;
const pages = new Map(
  Array.from({ length: 30 }, (_, i): [number, Stored] => [i * 3, { as: ways[i % 4]!, page: markedPage(i, 1024) }]),
);
const notes = [
  { name: "CORE", type: 1, desc: new Uint8Array(336) },
  { name: "VMCOREINFO", type: 0, desc: "OSRELEASE=6.1.0\nPAGESIZE=4096\n" },
];
const small: BuiltKdump = {
  blockSize: 1024,
  pages,
  maxMapnr: 100,
  excluded: [1, 4],
  notes,
  vmcoreinfo: "OSRELEASE=6.1.0\n",
};

for (const layout of ["lp64", "arm", "i386"] as const) {
  for (const byteOrder of ["little", "big"] as const) {
    const file = kdumpFile({ ...small, layout, byteOrder });
    opens(`kdump of ${layout}, ${byteOrder}-endian`, 300, (below) => [bytesFile("kdump", mutated(file, below))]);
  }
}

const old = kdumpFile({ ...small, signature: "DISKDUMP", version: 1 });
opens("diskdump", 300, (below) => [bytesFile("diskdump", Buffer.concat([old.subarray(0, 8), mutated(old.subarray(8), below)]))]); // prettier-ignore

const parts = [
  [0, 40],
  [40, 70],
  [70, 100],
].map(([start, end]) => kdumpFile({ ...small, split: [start!, end!] }));
opens("a split set", 500, (below) => {
  const wounded = below(3);
  return parts.map((part, i) => bytesFile(`part ${i}`, i === wounded ? mutated(part, below) : part));
});

const segments = [7, 1, 3, 4].map((at) => ({ physical: at * 4096, bytes: markedPage(at), memorySize: at * 2048 }));
for (const elfClass of [32, 64] as const) {
  for (const byteOrder of ["little", "big"] as const) {
    const file = elfCore({ elfClass, byteOrder, xnum: true, notes, segments });
    // Most wounds would hit the pages; the headers are what matters.
    opens(`ELF${elfClass} core, ${byteOrder}-endian`, 400, (below) => {
      const head = mutated(file.subarray(0, 1200), below);
      return [bytesFile("core", Buffer.concat([head, file.subarray(head.length)]))];
    });
  }
}

for (const size of [100, 5000]) {
  const file = flattened(kdumpFile(small), size);
  opens(`flattened in records of ${size}`, 500, (below) => {
    const records = mutated(file.subarray(4096), below);
    return [bytesFile("flat", Buffer.concat([file.subarray(0, 4096), records]))];
  });
}

const ranges = [
  { physical: 0x40000, bytes: Buffer.concat([markedPage(64), markedPage(65)]) },
  { physical: 0x1000, bytes: markedPage(1) },
];
for (const [name, file] of [
  ["LiME", limeFile(ranges)],
  ["AVML", avmlFile(ranges)],
] as const) {
  // The first bytes are the signature.
  opens(name, 500, (below) => [
    bytesFile(name, Buffer.concat([file.subarray(0, 8), mutated(file.subarray(8), below)])),
  ]);
}

const stream = qemuStreamFile({
  blocks: [["pc.ram", MEBIBYTE]],
  pages: [3, 4, 9, 5].map((pfn, i) => ({
    block: "pc.ram",
    offset: pfn * 4096,
    page: pfn === 9 ? new Uint8Array(4096) : markedPage(pfn),
    as: i === 1 ? "zlib" : "stored",
  })),
  hasForeignSection: true,
  cpus: [new Uint8Array(900)],
});
opens("a migration stream", 1000, (below) => {
  // Most wounds would hit the first page; what precedes it is what matters.
  const head = stream.subarray(8, 180);
  const rest = stream.subarray(180);
  const wounded = below(2) === 0 ? [mutated(head, below), rest] : [head, mutated(rest, below)];
  return [bytesFile("stream", Buffer.concat([stream.subarray(0, 8), ...wounded]))];
});

const oldDumps: Readonly<Record<string, readonly Uint8Array[]>> = {
  "LKCD with names of 32 bits": [lkcdFile({ version: 7, wordSize: 4, pages: [[3, markedPage(3)]] })],
  LKCD: [lkcdFile({ version: 9, compression: 2, pages: [3, 4].map((pfn) => [pfn, markedPage(pfn), "gzip"] as const) })],
  sadump: sadumpFiles({ pages: new Map([[3, markedPage(3)]]), excluded: [4], cpus: [1n] }),
  "a disk set of sadump": sadumpFiles({
    kind: "set",
    pages: new Map([3, 9].map((pfn) => [pfn, markedPage(pfn)])),
    onFirst: 1,
  }),
  "an s390 stand-alone dump": [s390File({ memory: markedPage(0), lowcores: [0] })],
  "an extended s390 stand-alone dump": [s390File({ memory: markedPage(0), segments: [0x3000] })],
};
for (const [name, files] of Object.entries(oldDumps)) {
  opens(name, 400, (below) => {
    const wounded = below(files.length);
    return files.map((file, i) =>
      bytesFile(name, i === wounded ? Buffer.concat([file.subarray(0, 8), mutated(file.subarray(8), below)]) : file),
    );
  });
}

const checkpoint = vmwareFile({
  groups: {
    cpu: [{ name: "rip", indexes: [0], value: 1n }],
    memory: [
      { name: "regionPPN", indexes: [0], value: 3 },
      { name: "regionPageNum", indexes: [0], value: 0 },
      { name: "regionSize", indexes: [0], value: 1 },
      { name: "Memory", indexes: [0, 0], value: markedPage(3) },
    ],
  },
});
const xenPages = [3, 9].map((pfn) => ({ pfn, bytes: markedPage(pfn) }));
const hypervisorForms: Readonly<Record<string, readonly [file: Uint8Array, head: number]>> = {
  "a VMware snapshot": [checkpoint, checkpoint.length - 4096],
  "a Xen core": [xenCoreFile({ pages: xenPages, cpus: [{ 5008: 0x3000n }] }), 700],
  "a core of a paravirtualized Xen guest": [xenCoreFile({ pages: xenPages.map((one) => ({ ...one, mfn: 7 })) }), 700],
};
for (const [name, [file, head]] of Object.entries(hypervisorForms)) {
  opens(name, 400, (below) => [
    bytesFile(name, Buffer.concat([file.subarray(0, 4), mutated(file.subarray(4, head), below), file.subarray(head)])),
  ]);
}

const ramdumpLists: Readonly<Record<string, string>> = {
  "load.cmm": "d.load.binary DDRCS0_0.BIN 0x80000000\nd.load.binary DDRCS1_0.BIN 0xC0000000 /noclear\n",
  "dump_info.txt": "1 0x80000000 4096 DDR CS0 DDRCS0_0.BIN\n".repeat(3),
  "dump.json": '[{"file": "DDRCS0_0.BIN", "address": "0x80000000"}, {"file": "DDRCS1_0.BIN", "start": 3221225472}]',
};
for (const [name, list] of Object.entries(ramdumpLists)) {
  opens(`a Qualcomm ramdump with ${name}`, 400, (below) => [
    bytesFile(name, mutated(Buffer.from(list), below)),
    bytesFile("DDRCS0_0.BIN", markedPage(1)),
  ]);
}

opens(
  "raw memory",
  100,
  (below) => [bytesFile("raw", mutated(Buffer.concat([markedPage(0), markedPage(1), markedPage(2)]), below))],
  [
    { first: 0x1000, last: 0x1fff },
    { first: 0x10000, last: undefined },
  ],
);

test("damaged files of each format were read", () => {
  for (const name of [...formats.map((one) => one.name), "flattened kdump-compressed", "raw memory"])
    assert.ok(read.has(name), `no damaged file of the format ${name} was opened`);
});
