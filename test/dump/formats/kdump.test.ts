import assert from "node:assert/strict";
import { test } from "node:test";
import { deflateSync } from "node:zlib";
import { markedPage } from "../../builders/image.ts";
import { kdumpFile, type BuiltKdump, type Stored } from "../../builders/kdump.ts";
import { answer, answers, held, opened, refusal } from "../../builders/opened.ts";

const stored = (
  pfns: readonly number[],
  as: "raw" | "zlib" | "snappy" | "zstd" = "zlib",
  size = 4096,
): Map<number, Stored> => new Map(pfns.map((pfn) => [pfn, { as, page: markedPage(pfn, size) }]));

const notes = [{ name: "CORE", type: 1, desc: new Uint8Array(336) }];
const whole = {
  pages: stored([1, 2, 5, 700]),
  excluded: [3, 699],
  maxMapnr: 1000,
  notes,
  vmcoreinfo: "OSRELEASE=6.1.0\n",
  eraseinfo: "erase cred.uid",
  physBase: -0x1a000000,
  timestamp: 1_700_000_000,
} satisfies BuiltKdump;

const machines = [
  ["lp64", "little", 8],
  ["lp64", "big", 8],
  ["arm", "little", 4],
  ["armTime64", "little", 4],
  ["i386", "little", 4],
  ["arm", "big", 4],
] as const;
for (const [layout, byteOrder, wordSize] of machines) {
  for (let version = 1; version <= 6; version++) {
    test(`header version ${version} of ${layout}, ${byteOrder}-endian, is understood`, () => {
      const image = opened(kdumpFile({ ...whole, layout, byteOrder, version }));
      assert.deepEqual([image.format, image.byteOrder, image.wordSize], ["kdump-compressed", byteOrder, wordSize]);
      assert.deepEqual([image.pageSize, image.maxPfn], [4096, 1000]);
      assert.deepEqual([...held(image)], [1, 2, 5, 700]);
      assert.deepEqual(answers(image, [1, 700, 699, 4]), [
        "page 1",
        "page 700",
        "excluded: page excluded from dump",
        "missing: page not in dump",
      ]);
      assert.equal(image.vmcoreinfo, version >= 3 ? whole.vmcoreinfo : undefined);
      assert.equal(image.notes.length, version >= 4 ? 1 : 0);
      assert.equal(image.facts.eraseinfo, version >= 5 ? whole.eraseinfo : undefined);
      assert.equal(image.facts.timestamp, whole.timestamp);
      assert.equal(image.facts.utsname?.release, "6.1.0-built");
    });
  }
}

for (const [layout, byteOrder, wordSize] of machines) {
  test(`a scrubbed dump of ${layout}, ${byteOrder}-endian, whose account of it stands behind the pages, is understood`, () => {
    const bytes = kdumpFile({ ...whole, layout, byteOrder, eraseinfoAtEnd: true });
    const image = opened(bytes);
    assert.deepEqual([image.byteOrder, image.wordSize], [byteOrder, wordSize]);
    assert.equal(image.facts.eraseinfo, whole.eraseinfo);
    assert.equal(image.facts.timestamp, whole.timestamp);
    assert.equal(answer(image, 700), "page 700");
    const cut = opened(bytes.subarray(0, bytes.length - 20));
    assert.deepEqual([cut.byteOrder, cut.wordSize, cut.facts.timestamp], [byteOrder, wordSize, whole.timestamp]);
  });
}

test("pages are decompressed as each says of itself, whatever the header says", () => {
  const pages = new Map([
    ...stored([0], "raw"),
    ...stored([1], "zlib"),
    ...stored([2], "snappy"),
    ...stored([3], "zstd"),
  ]);
  const image = opened(kdumpFile({ pages, status: 0x2 }));
  assert.deepEqual(answers(image, [0, 1, 2, 3]), ["page 0", "page 1", "page 2", "page 3"]);
  assert.equal(image.facts.compression, "lzo");
});

for (const blockSize of [1024, 4096, 16384, 65536]) {
  test(`blocks of ${blockSize} bytes are pages of that size`, () => {
    const image = opened(kdumpFile({ pages: stored([0, 9], "zlib", blockSize), blockSize }));
    assert.equal(image.pageSize, blockSize);
    assert.equal(answer(image, 9), "page 9");
  });
}

test("with one bitmap, what was not dumped is just missing", () => {
  const image = opened(kdumpFile({ ...whole, singleBitmap: true }));
  assert.deepEqual(answers(image, [5, 3]), ["page 5", "missing: page not in dump"]);
});

test("the 64-bit number of pages counts, not the 32-bit one", () => {
  for (const maxMapnr32 of [0, 0xffffffff, 1000]) {
    assert.equal(opened(kdumpFile({ ...whole, maxMapnr32 })).maxPfn, 1000);
  }
});

test("phys_base is signed on 64-bit machines alone", () => {
  assert.equal(opened(kdumpFile(whole)).facts.physBase, -0x1a000000n);
  assert.equal(opened(kdumpFile({ ...whole, layout: "arm", physBase: 0x80000000 })).facts.physBase, 0x80000000n);
});

test("pages that share their bytes share the decoded page", () => {
  const zero: Stored = { as: "zlib", page: new Uint8Array(4096) };
  const image = opened(kdumpFile({ pages: new Map([...stored([0]), [1, zero], [2, zero]]) }));
  assert.equal(image.page(1), image.page(2));
  assert.notEqual(image.page(0), image.page(2));
});

test("a dump for which the disk was too small says so, and which pages it lost", () => {
  const pages = new Map([...stored([0]), [1, { as: "descriptor", offset: 0, size: 0, flags: 0 }]]);
  const image = opened(kdumpFile({ pages, status: 0x9 }));
  assert.equal(image.facts.incomplete, "no space");
  assert.deepEqual(answers(image, [0, 1]), ["page 0", "missing: page was not written: the dump is incomplete"]);
});

const bad: [string, Stored, string][] = [
  [
    "broken zlib",
    { as: "bytes", flags: 1, bytes: new Uint8Array(50).fill(3) },
    "corrupt: page cannot be decompressed: incorrect header check",
  ],
  [
    "a short zlib page",
    { as: "bytes", flags: 1, bytes: deflateSync(Buffer.alloc(100)) },
    "corrupt: page cannot be decompressed: gives 100 bytes instead of 4096",
  ],
  [
    "unknown flags",
    { as: "bytes", flags: 0x40, bytes: new Uint8Array(50) },
    "corrupt: page cannot be decompressed: unknown compression flags 0x40",
  ],
  [
    "two ways at once",
    { as: "bytes", flags: 0x3, bytes: new Uint8Array(50) },
    "corrupt: page cannot be decompressed: unknown compression flags 0x3",
  ],
  [
    "a short raw page",
    { as: "bytes", flags: 0, bytes: new Uint8Array(50) },
    "corrupt: page cannot be decompressed: stored as 50 bytes instead of 4096",
  ],
  [
    "a lying size",
    { as: "descriptor", offset: 8192, size: 0xfffffff0, flags: 1 },
    "corrupt: page cannot be stored as 4294967280 bytes, which is more than 4096",
  ],
  [
    "an offset behind the end",
    { as: "descriptor", offset: 1 << 30, size: 100, flags: 1 },
    "truncated: dump file ends before this page",
  ],
  [
    "an offset no file has",
    { as: "descriptor", offset: 2n ** 63n, size: 100, flags: 1 },
    "truncated: dump file ends before this page",
  ],
];
for (const [what, page, expected] of bad) {
  test(`${what}: the page says why it cannot be read, its neighbour can`, () => {
    const image = opened(kdumpFile({ pages: new Map([[0, page], ...stored([1])]) }));
    assert.deepEqual(answers(image, [0, 1]), [expected, "page 1"]);
  });
}

test("a file that was cut opens with what it holds", () => {
  const file = kdumpFile({ pages: stored([...Array(64).keys()], "raw") });
  const cut = (length: number): string[] => answers(opened(file.subarray(0, length)), [0, 60]);
  assert.deepEqual(cut(file.length - 10 * 4096), ["page 0", "truncated: dump file ends before this page"]);
  assert.deepEqual(cut(4 * 4096 + 100), Array(2).fill("truncated: dump file ends before this page"));
  assert.deepEqual(cut(3 * 4096), Array(2).fill("truncated: dump file ends within its bitmap"));
});

test("headers that make no sense, or are cut, are refused", () => {
  const file = kdumpFile(whole);
  assert.match(refusal(file.subarray(0, 300)), /^truncated: file 1: ends within its header/);
  assert.match(
    refusal(Buffer.concat([file.subarray(0, 8), Buffer.alloc(8000)])),
    /^corrupt: file 1: the kdump header is not valid/,
  );
});

test("numbers that are no page frame are missing", () => {
  const image = opened(kdumpFile(whole));
  for (const pfn of [-1, 1.5, NaN, Infinity, 1000, 2 ** 52]) assert.match(answer(image, pfn), /^missing/);
  assert.deepEqual([image.next(701), image.next(5000), image.next(-3)], [-1, -1, 1]);
});

test("pages whose descriptors the file does not hold are not looked for, however many the bitmap promises", () => {
  const file = kdumpFile({ pages: stored([1, 2, 3000, 5000]), maxMapnr: 6000 });
  // Behind two headers and two bitmaps, of a block each; two and a half descriptors.
  const image = opened(file.slice(0, 4 * 4096 + 60));
  assert.deepEqual([...held(image)], [1, 2]);
  assert.match(answer(image, 3000), /^truncated: /);
});

test("a file that ends too early says how long it should be, a whole one and a damaged one do not", () => {
  const bytes = kdumpFile({ ...whole, pages: stored([1, 2, 5, 6, 7, 8, 700]), eraseinfo: "" });
  assert.equal(opened(bytes).facts.cut, undefined);
  const short = opened(bytes.subarray(0, bytes.length - 3)).facts.cut;
  assert.deepEqual(short, { size: bytes.length - 3, expected: bytes.length });
  // Within the table of descriptors only where that ends is known.
  const table = opened(bytes.subarray(0, 4 * 4096 + 30)).facts.cut;
  assert.ok(table && table.size === 4 * 4096 + 30 && table.expected > table.size && table.expected <= bytes.length);
  const wild = new Map(whole.pages).set(900, { as: "descriptor", offset: 2 ** 40, size: 4096, flags: 0 });
  assert.equal(opened(kdumpFile({ ...whole, pages: wild })).facts.cut, undefined);
});

test("a diskdump file is read without the sub-header of kdump", () => {
  const pages = new Map([[3, { as: "raw", page: markedPage(3) }] as const]);
  const image = opened(kdumpFile({ signature: "DISKDUMP", version: 6, pages, physBase: 0x1000 }));
  assert.deepEqual([image.format, image.facts.physBase, image.facts.dumpLevel], ["diskdump", 0n, undefined]);
  assert.equal(answer(image, 3), "page 3");
});
