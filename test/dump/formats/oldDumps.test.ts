import assert from "node:assert/strict";
import { test } from "node:test";
import { attempt, Fault } from "../../../src/base/fault.ts";
import type { RandomFile } from "../../../src/base/file.ts";
import { openDump } from "../../../src/dump/formats.ts";
import { runLength } from "../../../src/dump/compress/runLength.ts";
import { markedPage } from "../../builders/image.ts";
import { lkcdFile, s390File, sadumpFiles, type BuiltLkcd } from "../../builders/oldDumps.ts";
import { answer, answers, held, opened, refusal } from "../../builders/opened.ts";

const rle = Buffer.concat([
  Buffer.from("page 7 "),
  Buffer.from([0, 0]),
  ...Array.from({ length: 16 }, () => Buffer.from([0, 255, 65])),
  Buffer.from([0, 8, 66]),
]);

for (const version of [1, 2, 3, 5, 6, 7, 8, 9, 10]) {
  for (const byteOrder of ["little", "big"] as const) {
    for (const wordSize of version >= 8 ? ([8] as const) : ([4, 8] as const)) {
      test(`LKCD version ${version} of a ${byteOrder}-endian machine with longs of ${wordSize} bytes is read`, () => {
        const image = opened(
          lkcdFile({
            version,
            byteOrder,
            wordSize,
            pages: [
              [9, markedPage(9)],
              [4, markedPage(4)],
              [5, markedPage(5)],
            ],
          }),
        );
        assert.deepEqual([image.format, image.byteOrder, image.wordSize], ["LKCD", byteOrder, wordSize]);
        assert.deepEqual([image.facts.headerVersion, image.facts.utsname?.release], [version, "2.6.5"]);
        assert.deepEqual([...held(image)], [4, 5, 9]);
        assert.deepEqual(answers(image, [4, 5, 6, 9]), ["page 4", "page 5", "missing: page not in dump", "page 9"]);
      });
    }
  }
}

const lkcd = (more: Partial<BuiltLkcd>): Uint8Array => lkcdFile({ pages: [[7, markedPage(7)]], ...more });

test("pages of LKCD are decompressed with RLE and gzip", () => {
  const gzip = opened(lkcd({ compression: 2, pages: [[7, markedPage(7), "gzip"]] }));
  assert.deepEqual([gzip.facts.compression, answer(gzip, 7)], ["gzip", "page 7"]);
  const encoded = opened(lkcd({ compression: 1, pages: [[7, rle, "rle"]] }));
  assert.deepEqual([encoded.facts.compression, answer(encoded, 7)], ["RLE", "page 7"]);
});

test("the version flags of Mission Critical Linux are no part of LKCD's version", () => {
  assert.equal(opened(lkcd({ version: 0xc0000002 })).facts.headerVersion, 2);
});

test("damaged pages of LKCD say what is wrong", () => {
  const one = (page: BuiltLkcd["pages"][number], compression: number): string =>
    answer(opened(lkcd({ compression, pages: [page] })), 7);
  assert.match(one([7, new Uint8Array(4095)], 0), /^corrupt: page cannot be stored as 4095 bytes$/);
  assert.match(one([7, Buffer.from([0]), "rle"], 1), /page cannot be decompressed: RLE stream is broken$/);
  assert.match(one([7, Buffer.from("short"), "rle"], 1), /gives 5 bytes instead of 4096$/);
  assert.match(one([7, markedPage(7), "gzip"], 0), /the header says that pages are not compressed$/);
  assert.match(String(attempt(() => runLength(Buffer.from([0, 200, 1]), 100))), /gives more than 100 bytes/);
});

test("an LKCD dump without its end mark is incomplete", () => {
  const image = opened(lkcd({ hasEnd: false }));
  assert.deepEqual([image.facts.incomplete, answer(image, 7)], ["ends early", "page 7"]);
});

test("an LKCD dump that cannot be read is refused with the reason", () => {
  assert.match(refusal(lkcd({ version: 4 })), /^corrupt: file 1: LKCD version 4 is not known$/);
  assert.match(refusal(lkcd({ pageSize: 5000 })), /an LKCD dump cannot have pages of 5000 bytes$/);
  assert.match(refusal(lkcd({ compression: 9 })), /LKCD compression 9 is not known$/);
  assert.match(refusal(lkcd({}), lkcd({})), /an LKCD dump is one file, not a set$/);
  const far = Buffer.from(lkcd({}));
  far.fill(0xff, 8192, 8200);
  assert.match(refusal(far), /the page at offset 8192 has address 0xffffffffffffffff$/);
});

const pages = new Map([3, 8, 9, 20].map((pfn) => [pfn, markedPage(pfn)] as const));

for (const kind of ["single", "media"] as const) {
  test(`a ${kind} dump of sadump gives its pages and the registers of CPUs`, () => {
    const image = opened(...sadumpFiles({ kind, pages, excluded: [5], cpus: [0x1234n, 0x5678n] }));
    assert.deepEqual([image.format, image.wordSize, image.pageSize, image.maxPfn], ["sadump", 8, 4096, 21]);
    assert.deepEqual([...held(image)], [3, 8, 9, 20]);
    assert.deepEqual(answers(image, [3, 20, 5, 6]), [
      "page 3",
      "page 20",
      "excluded: page excluded from dump",
      "missing: page not in dump",
    ]);
    assert.deepEqual(
      image.notes.map(({ name }) => name),
      ["CORE", "CORE", "QEMU", "QEMU"],
    );
    assert.equal(Buffer.from(image.notes[1]!.desc).readBigUInt64LE(112 + 8 * 16), 0x5678n);
  });
}

test("a disk set of sadump is one dump in any order of its files", () => {
  const [first, second] = sadumpFiles({ kind: "set", pages, onFirst: 2 });
  const image = opened(second!, first!);
  assert.deepEqual(answers(image, [3, 8, 9, 20]), ["page 3", "page 8", "page 9", "page 20"]);
  const half = opened(first!);
  assert.deepEqual([half.facts.incomplete, ...held(half)], ["missing file", 3, 8]);
  assert.match(answer(half, 9), /^truncated/);
  assert.match(refusal(second!), /^missing: file 1: the first disk of the set was not given$/);
  assert.match(refusal(first!, first!), /are the same disk of the set$/);
  const other = Buffer.from(second!);
  other[90] = 0;
  assert.match(refusal(first!, other), /are not parts of the same dump$/);
  const [single] = sadumpFiles({ pages });
  assert.match(refusal(first!, single!), /are not parts of the same dump$/);
});

test("a sadump file that cannot be read is refused with the reason", () => {
  const [file] = sadumpFiles({ pages });
  assert.match(refusal(file!.subarray(0, 100)), /^truncated: file 1: ends within its header$/);
  assert.match(refusal(file!.subarray(0, 4096)), /^truncated: file 1: ends within its header$/);
  const header = Buffer.from(file!);
  header[4096] = 0;
  assert.match(refusal(header), /no sadump header at offset 4096$/);
  const magic = Buffer.from(file!);
  magic[2000] = 1;
  magic[2004] = 99;
  assert.match(refusal(magic), /a sadump header cannot have blocks of \d+ bytes, which its magic numbers fill$/);
});

const memory = Buffer.concat([0, 1, 2, 3].map((pfn) => markedPage(pfn)));

test("a stand-alone dump of s390 gives its pages, and registers from the lowcores", () => {
  const saved = Buffer.from(memory);
  saved.writeBigUInt64BE(0x1122n, 0x1308); // the address of the PSW
  saved.writeBigUInt64BE(0x3344n, 0x1280 + 8 * 15);
  const image = opened(s390File({ memory: saved, lowcores: [0] }));
  assert.deepEqual([image.format, image.byteOrder, image.wordSize], ["s390 stand-alone dump", "big", 8]);
  assert.deepEqual(answers(image, [0, 3, 4]), ["page 0", "page 3", "missing: page not in dump"]);
  const status = Buffer.from(image.notes[0]!.desc);
  assert.deepEqual([status.readBigUInt64BE(120), status.readBigUInt64BE(128 + 8 * 15)], [0x1122n, 0x3344n]);
});

test("an extended stand-alone dump has segments", () => {
  const image = opened(s390File({ memory, segments: [0x3000, 0x10000, 0x20000, 0x50000], memorySize: 0x100000 }));
  assert.deepEqual([...held(image)], [3, 16, 32, 80]);
  assert.deepEqual(answers(image, [3, 80]), ["page 0", "page 3"]);
});

test("the volumes of a stand-alone dump are one dump in any order", () => {
  const volume = (i: number, part: Uint8Array): Uint8Array => s390File({ memory: part, volume: i, memorySize: 16384 });
  const files = [volume(0, memory.subarray(0, 8192)), volume(1, memory.subarray(8192))] as const;
  assert.deepEqual(answers(opened(files[1], files[0]), [0, 1, 2, 3]), ["page 0", "page 1", "page 2", "page 3"]);
  const other = Buffer.from(files[1]);
  other[0x200] = 0;
  assert.match(refusal(files[0], other), /are not parts of the same dump$/);
});

test("a stand-alone dump that cannot be read is refused with the reason", () => {
  assert.match(refusal(s390File({ memory, arch: 1 })), /a stand-alone dump of a 31-bit system is not read: use crash$/);
  assert.match(refusal(s390File({ memory, arch: 7 })), /a stand-alone dump of architecture 7 is not read/);
  assert.match(refusal(s390File({ memory, isCompressed: true })), /is not read: convert it with `zgetdump -f elf`$/);
  assert.match(refusal(s390File({ memory }).subarray(0, 100)), /^truncated: file 1: ends within its header$/);
  const huge = Buffer.from(s390File({ memory }));
  huge.writeBigUInt64BE(1n << 60n, 0x18);
  assert.match(refusal(huge), /^corrupt: file 1: a machine cannot have a memory of 1152921504606847000 bytes$/);
  const segment = Buffer.from(s390File({ memory, segments: [0x3000] }));
  segment.fill(0, 4104, 4112);
  assert.match(refusal(segment), /the segment at offset 4096 has no valid size$/);
  const cut = opened(s390File({ memory }).subarray(0, 9000));
  assert.equal(cut.facts.cut?.expected, 4096 + 16384);
  assert.ok(cut.page(3) instanceof Fault);
});

test("an extended s390 dump whose segments do not end is refused", () => {
  const head = s390File({ memory, segments: [0] }).subarray(0, 4096);
  // A header of a segment of one byte, wherever it is read.
  const segment = Buffer.alloc(24);
  segment.writeBigUInt64BE(1n, 8);
  const file: RandomFile = {
    name: "endless",
    size: 2 ** 40,
    read: (offset, length) => (offset < 4096 ? head.subarray(offset, offset + length) : segment.subarray(0, length)),
    close() {},
  };
  const image = attempt(() => openDump([file]));
  assert.ok(image instanceof Fault);
  assert.equal(image.message, "endless: more than 1048576 segments");
});
