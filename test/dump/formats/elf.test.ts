import assert from "node:assert/strict";
import { test } from "node:test";
import { bytesFile, type RandomFile } from "../../../src/base/file.ts";
import { elf } from "../../../src/dump/formats/elf.ts";
import { markedPage } from "../../builders/image.ts";
import { elfCore, type BuiltCore, type BuiltSegment } from "../../builders/elfCore.ts";
import { answer, answers, held, opened, refusal } from "../../builders/opened.ts";
import { stopwatch } from "../../builders/stopwatch.ts";

/** Pages `first` to `first + count - 1` in one piece. */
const marked = (first: number, count: number): Uint8Array =>
  Buffer.concat(Array.from({ length: count }, (_, i) => markedPage(first + i)));
const pages = (first: number, count: number, more: Partial<BuiltSegment> = {}): BuiltSegment => ({
  physical: first * 4096,
  bytes: marked(first, count),
  ...more,
});
const vmcoreinfo = { name: "VMCOREINFO", type: 0, desc: "OSRELEASE=6.1.0\nPAGESIZE=4096\n" };

for (const byteOrder of ["little", "big"] as const) {
  for (const elfClass of [32, 64] as const) {
    test(`an ELF${elfClass} core of a ${byteOrder}-endian machine gives its pages and notes`, () => {
      const image = opened(
        elfCore({ byteOrder, elfClass, notes: [vmcoreinfo], segments: [pages(16, 2), pages(2, 3)] }),
      );
      assert.equal(image.format, "ELF core");
      assert.deepEqual([image.byteOrder, image.wordSize, image.pageSize], [byteOrder, elfClass / 8, 4096]);
      assert.equal(image.vmcoreinfo, vmcoreinfo.desc);
      assert.equal(image.maxPfn, 18);
      assert.deepEqual([...held(image)], [2, 3, 4, 16, 17]);
      assert.deepEqual(answers(image, [2, 4, 17, 5]), ["page 2", "page 4", "page 17", "missing: page not in dump"]);
    });
  }
}

test("program headers are found wherever e_phoff says, whatever their size", () => {
  const image = opened(elfCore({ gap: 77, phentsize: 80, segments: [pages(1, 1)] }));
  assert.equal(answer(image, 1), "page 1");
});

test("the number of program headers may lie in section header 0", () => {
  assert.deepEqual([...held(opened(elfCore({ xnum: true, segments: [pages(1, 1), pages(7, 1)] })))], [1, 7]);
});

test("what memory exceeds the file was excluded", () => {
  const image = opened(elfCore({ segments: [pages(1, 2, { memorySize: 4 * 4096 }), pages(9, 1)] }));
  assert.deepEqual(answers(image, [2, 3, 4, 5]), [
    "page 2",
    "excluded: page excluded from dump",
    "excluded: page excluded from dump",
    "missing: page not in dump",
  ]);
  assert.equal(image.has(3), false);
  assert.equal(image.next(3), 9);
});

test("where segments overlap, the later one is read", () => {
  const image = opened(elfCore({ segments: [pages(0, 6), { physical: 2 * 4096, bytes: marked(102, 2) }] }));
  assert.deepEqual(answers(image, [1, 2, 3, 4]), ["page 1", "page 102", "page 103", "page 4"]);
});

test("a segment that ends within a page is filled up with zeros", () => {
  const image = opened(
    elfCore({
      segments: [
        { physical: 4096, bytes: new Uint8Array(100).fill(1) },
        { physical: 4096 + 4000, bytes: new Uint8Array(96 + 10).fill(2) },
      ],
    }),
  );
  const page = image.page(1);
  assert.ok(page instanceof Uint8Array);
  assert.deepEqual([page.length, page[99], page[100], page[3999], page[4000], page[4095]], [4096, 1, 0, 0, 2, 2]);
  assert.deepEqual([...held(image)], [1, 2]);
});

test("a file that was cut opens with what it holds", () => {
  const whole = elfCore({ notes: [vmcoreinfo], segments: [pages(0, 8)] });
  const image = opened(whole.subarray(0, whole.length - 3 * 4096));
  assert.deepEqual(answers(image, [4, 5]), ["page 4", "truncated: dump file ends before this page"]);
  assert.deepEqual([...held(image)], [0, 1, 2, 3, 4]);
});

test("a file that ends among its program headers opens with those it has", () => {
  const whole = elfCore({ segments: Array.from({ length: 50 }, (_, i) => pages(i * 2, 1)) });
  assert.equal(opened(whole.subarray(0, 64 + 56 * 20 + 9)).maxPfn, 39);
});

test("/proc/kcore's shape: segments without physical address, sizes beyond any file", () => {
  const core = elfCore({
    segments: [
      pages(0, 1, { virtual: 0xffff888000000000n }),
      { physical: 2n ** 64n - 1n, virtual: 0xffffc90000000000n, bytes: new Uint8Array(0), memorySize: 2n ** 45n },
      pages(3, 1, { virtual: 0xffffffff81000000n }),
    ],
  });
  const image = elf.open([bytesFile("kcore", core)], {});
  assert.deepEqual(answers(image, [0, 3]), ["page 0", "page 3"]);
  assert.equal(image.next(1), 3);
  assert.deepEqual(
    image.segments.map((one) => one.virtual),
    [0xffff888000000000n, 0xffffc90000000000n, 0xffffffff81000000n],
  );
  assert.equal(image.segments[1]?.physical, 2n ** 64n - 1n);
});

test("/proc/kcore of five-level page tables has offsets of 56 bits", () => {
  const far = 0x364690d5c03000;
  const core = Buffer.from(elfCore({ segments: [pages(2, 2, { virtual: 0xff364690d5c02000n }), pages(9, 1)] }));
  const moved = core.readBigUInt64LE(64 + 8);
  core.writeBigUInt64LE(BigInt(far), 64 + 8);
  // An offset that is not a multiple of the page size cannot be held exactly.
  core.writeBigUInt64LE(BigInt(far) + 2n ** 20n + 8n, 64 + 56 + 8);
  const file: RandomFile = {
    name: "kcore",
    size: 2 ** 56,
    read: (offset, length) => {
      const at = offset < far ? offset : Number(moved) + offset - far;
      return new Uint8Array(core.subarray(at, at + length));
    },
    close() {},
  };
  const image = elf.open([file], {});
  assert.deepEqual(answers(image, [2, 3, 9]), ["page 2", "page 3", "excluded: page excluded from dump"]);
  assert.deepEqual([...held(image)], [2, 3]);
});

test("the page size is what VMCOREINFO says", () => {
  const notes = [{ name: "VMCOREINFO", type: 0, desc: "OSRELEASE=6.1.0\nPAGESIZE=65536\n" }];
  const bytes = Buffer.concat([markedPage(0, 65536), markedPage(1, 65536)]);
  const image = opened(elfCore({ machine: 183, notes, segments: [{ physical: 0, bytes }] }));
  assert.equal(image.pageSize, 65536);
  assert.equal(answer(image, 1), "page 1");
});

test("a 32-bit machine in an ELF64 file keeps its word size", () => {
  const wordSize = (machine: number): number => opened(elfCore({ machine, segments: [pages(0, 1)] })).wordSize;
  assert.deepEqual([3, 40, 62, 183].map(wordSize), [4, 4, 8, 8]);
});

test("e_flags and notes tell of an unfinished and a scrubbed dump", () => {
  const notes = [{ name: "ERASEINFO", type: 0, desc: "erase cred.uid" }];
  const { facts } = opened(elfCore({ flags: 1, notes, segments: [pages(0, 1)] }));
  assert.deepEqual(facts, { files: ["file 1"], incomplete: "no space", eraseinfo: "erase cred.uid" });
});

test("200,000 unsorted segments open at once and give pages fast", () => {
  const one = new Uint8Array(16).fill(7);
  const count = 200_000;
  const segments = Array.from({ length: count }, (_, i) => ({
    physical: ((i * 7919) % count) * 8192,
    bytes: one,
    memorySize: 4096,
  }));
  const core = elfCore({ xnum: true, segments });
  const elapsed = stopwatch();
  const image = opened(core);
  for (let pfn = 0; pfn < 2 * count; pfn += 101) assert.equal(image.has(pfn), pfn % 2 === 0);
  assert.equal([...held(image)].length, count);
  const took = elapsed();
  assert.ok(took < 3000, `took ${took} ms`);
});

const refused: [string, BuiltCore, RegExp][] = [
  [
    "vmlinux",
    { type: 2, segments: [] },
    /^corrupt: file 1 is not a dump: it is an ELF file, but not a core \(perhaps a vmlinux/,
  ],
  [
    "the core of a process",
    {
      notes: [{ name: "CORE", type: 6, desc: new Uint8Array(16) }],
      segments: [0, 1].map((i) => ({ physical: 0, virtual: 0x400000 + i * 4096, bytes: markedPage(i) })),
    },
    /^corrupt: file 1 is not a dump of a kernel, but the core of a process/,
  ],
  ["program headers too small", { phentsize: 8, segments: [pages(0, 1)] }, /program headers cannot have 8 bytes/],
];
for (const [what, core, message] of refused)
  test(`${what} is refused`, () => assert.match(refusal(elfCore(core)), message));

test("a count of program headers that cannot be is refused", () => {
  const core = elfCore({ xnum: true, segments: [pages(0, 1)] });
  new DataView(core.buffer).setUint32(64 + 44, 0xfffffff0, true);
  assert.match(refusal(core), /4294967280 program headers exceed the limit of 4194304/);
});

test("headers of unknown class and byte order, or cut short, are refused", () => {
  const core = elfCore({ segments: [pages(0, 1)] });
  assert.match(refusal(core.map((byte, i) => (i === 4 ? 9 : byte))), /unknown ELF class 9/);
  assert.match(refusal(core.map((byte, i) => (i === 5 ? 9 : byte))), /unknown ELF byte order 9/);
  assert.match(refusal(core.subarray(0, 40)), /^truncated: file 1: ends within its ELF header/);
});

test("a file that ends too early says how long it should be, a whole one does not", () => {
  const bytes = elfCore({ notes: [vmcoreinfo], segments: [pages(16, 2), pages(2, 3)] });
  assert.equal(opened(bytes).facts.cut, undefined);
  const { cut } = opened(bytes.subarray(0, bytes.length - 100)).facts;
  assert.deepEqual(cut, { size: bytes.length - 100, expected: bytes.length });
});

test("a number that no page can have is refused", () => {
  const image = opened(elfCore({ segments: [{ physical: 0, bytes: new Uint8Array(4096) }] }));
  assert.equal(answer(image, 0.5), "missing: 0.5 is not a page frame number");
});
