import assert from "node:assert/strict";
import { test } from "node:test";
import { attempt, Fault } from "../../../src/base/fault.ts";
import { bytesFile } from "../../../src/base/file.ts";
import { openDump } from "../../../src/dump/formats.ts";
import { rawRanges } from "../../../src/dump/formats/rawMemory.ts";
import { markedPage, random } from "../../builders/image.ts";
import { avmlFile, limeFile } from "../../builders/memoryForms.ts";
import { answers, held, opened, refusal } from "../../builders/opened.ts";

const pages = (first: number, count: number): Uint8Array =>
  Buffer.concat(Array.from({ length: count }, (_, i) => markedPage(first + i)));
const ranges = [
  { physical: 0x100000, bytes: pages(256, 40) },
  { physical: 0x1000, bytes: pages(1, 3) },
];
const noise = Buffer.from(Array.from({ length: 4096 }, random(1).bind(undefined, 256)));

for (const [format, build] of [
  ["LiME", limeFile],
  ["AVML", avmlFile],
] as const) {
  test(`a ${format} image gives the pages of its ranges`, () => {
    const image = opened(build([...ranges, { physical: 0x400000, bytes: noise }]));
    assert.deepEqual([image.format, image.pageSize, image.maxPfn], [format, 4096, 1025]);
    assert.deepEqual(answers(image, [1, 3, 4, 256, 295, 296]), [
      "page 1",
      "page 3",
      "missing: page not in dump",
      "page 256",
      "page 295",
      "missing: page not in dump",
    ]);
    assert.deepEqual([...held(image)].slice(0, 4), [1, 2, 3, 256]);
    assert.equal(Buffer.compare(image.page(1024) as Uint8Array, noise), 0);
  });

  test(`a ${format} image whose range ends before it starts is refused`, () => {
    const file = build(ranges);
    file.fill(0xff, 8, 16);
    assert.match(refusal(file), /^corrupt: file 1: the memory range at offset 0 ends before it starts$/);
  });

  test(`a ${format} image whose range has an address of more than 53 bits is refused`, () => {
    const file = build(ranges);
    file.fill(0x7f, 16, 24);
    assert.match(refusal(file), /^corrupt: file 1: the memory range at offset 0 has too large an address$/);
  });

  test(`a ${format} image with bytes between its ranges is refused with their offset`, () => {
    const first = build(ranges.slice(0, 1));
    assert.match(
      refusal(Buffer.concat([first, Buffer.alloc(40)])),
      new RegExp(`^corrupt: file 1: no header of a memory range at offset ${first.length}$`),
    );
  });

  test(`a ${format} image is one file`, () => {
    assert.match(refusal(build(ranges), build(ranges)), / image is one file, not a set$/);
  });
}

test("a LiME image that was cut off says how much is missing", () => {
  const file = limeFile(ranges);
  const image = opened(file.subarray(0, 100_000));
  assert.equal(image.facts.cut?.expected, 32 + 40 * 4096);
  assert.deepEqual(answers(image, [256, 290]), ["page 256", "truncated: dump file ends before this page"]);
});

test("an AVML image that was cut off gives what precedes its end", () => {
  const image = opened(avmlFile(ranges).subarray(0, 9000));
  assert.equal(image.facts.incomplete, "ends early");
  assert.equal(answers(image, [256])[0], "page 256");
});

test("a damaged chunk of an AVML image makes its pages unreadable, and no others", () => {
  const file = avmlFile(ranges);
  file.fill(0xff, 60, 100);
  assert.match(answers(opened(file), [256])[0] ?? "", /damaged Snappy data/);
  assert.equal(answers(opened(file), [1])[0], "page 1");
});

test("an AVML chunk of an unknown type or size is refused with its offset", () => {
  const kind = avmlFile(ranges);
  kind[42] = 0x33;
  assert.match(refusal(kind), /^corrupt: file 1: unknown Snappy chunk 0x33 at offset 42$/);
  const size = avmlFile(ranges);
  size.fill(0xff, 50, 55);
  assert.match(refusal(size), /^corrupt: file 1: the Snappy chunk at offset 42 has no valid size$/);
});

test("a LiME image with a compressed range is refused", () => {
  const file = Buffer.concat([limeFile(ranges.slice(1)), avmlFile(ranges.slice(1))]);
  assert.match(
    refusal(file),
    /^corrupt: file 1: the LiME image has a compressed range at offset 12320, which is not supported$/,
  );
});

test("raw memory begins where --base says, over several files and ranges", () => {
  const files = [pages(16, 2), pages(18, 4)].map((bytes, i) => bytesFile(`raw ${i}`, bytes));
  const one = openDump(files, { raw: rawRanges("0x10000") ?? [] });
  assert.deepEqual([one.format, one.facts.files], ["raw memory", ["raw 0", "raw 1"]]);
  assert.deepEqual([...held(one)], [16, 17, 18, 19, 20, 21]);
  assert.deepEqual(answers(one, [17, 18]), ["page 17", "page 18"]);
  const two = openDump(files, { raw: rawRanges("10000-10fff, 20000") ?? [] });
  assert.deepEqual([...held(two)], [16, 32, 33, 34, 35, 36]);
  assert.deepEqual(answers(two, [16, 32]), ["page 16", "page 17"]);
});

test("ranges that do not fit raw memory are refused", () => {
  const open = (text: string): string => {
    const image = attempt(() => openDump([bytesFile("raw", pages(0, 3))], { raw: rawRanges(text) ?? [] }));
    return image instanceof Fault ? image.message : String(image.facts.cut?.expected);
  };
  assert.match(
    open("0-fff"),
    /^raw: has 12288 bytes, and the ranges of --base cover only 4096: add the missing ranges$/,
  );
  assert.match(open("0-2fff,8000"), /^raw: has no bytes for the range at 0x8000$/);
  assert.equal(open("0-ffff"), "65536");
});

test("--base takes an address or ranges, and nothing else", () => {
  assert.deepEqual(rawRanges("80000000"), [{ first: 0x80000000, last: undefined }]);
  for (const text of ["", "x", "2000-1000", "0,8000", "1-2,", "0x"]) assert.equal(rawRanges(text), undefined, text);
});

test("a LiME image with more ranges than memory can have is refused", () => {
  const one = limeFile([{ physical: 0, bytes: new Uint8Array(1) }]);
  assert.match(
    refusal(Buffer.concat(Array.from({ length: 65_537 }, () => one))),
    /^corrupt: file 1: more than 65536 memory ranges$/,
  );
});
