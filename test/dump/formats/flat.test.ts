import assert from "node:assert/strict";
import { test } from "node:test";
import { bytesFile } from "../../../src/base/file.ts";
import { unflattened } from "../../../src/dump/formats/flat.ts";
import { markedPage } from "../../builders/image.ts";
import { elfCore } from "../../builders/elfCore.ts";
import { flatFile, flattened } from "../../builders/flat.ts";
import { kdumpFile, type Stored } from "../../builders/kdump.ts";
import { answer, answers, opened, refusal } from "../../builders/opened.ts";

const pages = new Map(
  [...Array(40).keys()].map((pfn): [number, Stored] => [pfn, { as: "raw", page: markedPage(pfn) }]),
);
const inner = kdumpFile({ pages });
const bytes = (...values: number[]): Uint8Array => new Uint8Array(values);
const restored = (file: Uint8Array): Uint8Array => {
  const flat = unflattened(bytesFile("flat", file));
  return flat.read(0, flat.size);
};

test("any format may be flattened, in records of any size and order", () => {
  for (const size of [100, 4096, 1 << 20]) {
    const image = opened(flattened(inner, size, (records) => records.reverse()));
    assert.equal(image.format, "flattened kdump-compressed");
    assert.deepEqual(answers(image, [0, 39]), ["page 0", "page 39"]);
  }
  const core = opened(flattened(elfCore({ segments: [{ physical: 4096, bytes: markedPage(1) }] }), 1000));
  assert.equal(core.format, "flattened ELF core");
  assert.equal(answer(core, 1), "page 1");
});

test("a later record overwrites an earlier one, in part or whole", () => {
  const file = flatFile([
    { offset: 0, bytes: bytes(1, 1, 1, 1, 1, 1) },
    { offset: 8, bytes: bytes(2, 2) },
    { offset: 2, bytes: bytes(3, 3) },
    { offset: 5, bytes: bytes(4, 4, 4, 4) },
  ]);
  assert.deepEqual([...restored(file)], [1, 1, 3, 3, 1, 4, 4, 4, 4, 2]);
});

test("what no record wrote reads as zeros", () => {
  const file = flatFile([
    { offset: 4, bytes: bytes(9, 9) },
    { offset: 8, bytes: bytes(7) },
  ]);
  assert.deepEqual([...restored(file)], [0, 0, 0, 0, 9, 9, 0, 0, 7]);
  const flat = unflattened(bytesFile("flat", file));
  assert.deepEqual([...flat.read(5, 2)], [9, 0]);
  assert.deepEqual([...flat.read(7, 99)], [0, 7]);
  assert.equal(flat.read(9, 1).length, 0);
});

test("what follows the end mark is not looked at", () => {
  const file = flatFile([{ offset: 0, bytes: bytes(1, 2) }]);
  assert.deepEqual([...restored(Buffer.concat([file, Buffer.alloc(100, 1)]))], [1, 2]);
});

test("a flattened file that was cut opens with what it holds", () => {
  const file = flattened(inner, 5000);
  const image = opened(file.subarray(0, file.length - 4 * 5000));
  assert.deepEqual(answers(image, [0, 39]), ["page 0", "truncated: dump file ends before this page"]);
});

test("flattened files without records, or of no dump, are refused", () => {
  assert.match(refusal(flatFile([])), /^corrupt: file 1: the flattened dump has no records/);
  assert.match(refusal(flatFile([{ offset: 0, bytes: Buffer.from("hello\n") }])), /file 1 is not a dump: it is text/);
  assert.match(refusal(flattened(flattened(inner, 4096), 4096)), /file 1 is not a dump: it is flattened twice/);
});

test("a flattened file with too many records says how to restore it", () => {
  const file = bytesFile("flat", flatFile([0, 1, 2].map((offset) => ({ offset, bytes: bytes(offset) }))));
  assert.equal(unflattened(file, 3).size, 3);
  assert.throws(() => unflattened(file, 2), {
    message: "flat: more than 2 records: restore the dump with makedumpfile -R",
  });
});
