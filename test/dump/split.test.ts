import assert from "node:assert/strict";
import { test } from "node:test";
import { markedPage } from "../builders/image.ts";
import { flattened } from "../builders/flat.ts";
import { kdumpFile, type BuiltKdump, type Stored } from "../builders/kdump.ts";
import { answers, held, opened, refusal } from "../builders/opened.ts";

const pfns = [...Array(90).keys()].filter((pfn) => pfn % 3 !== 0);
const all: BuiltKdump = {
  pages: new Map(pfns.map((pfn): [number, Stored] => [pfn, { as: "zlib", page: markedPage(pfn) }])),
  maxMapnr: 100,
};
const part = (start: number, end: number, more: Partial<BuiltKdump> = {}): Uint8Array =>
  kdumpFile({ ...all, ...more, split: [start, end] });
const parts = [part(0, 31), part(31, 50), part(50, 100)] as const;

test("a split set is one dump, in whatever order its files are given", () => {
  for (const order of [
    [0, 1, 2],
    [2, 0, 1],
    [1, 2, 0],
  ] as const) {
    const image = opened(...order.map((i) => parts[i]));
    assert.deepEqual([...held(image)], pfns);
    assert.deepEqual(
      answers(image, pfns),
      pfns.map((pfn) => `page ${pfn}`),
    );
    assert.deepEqual(
      image.facts.files,
      [0, 1, 2].map((i) => `file ${order.indexOf(i as 0 | 1 | 2) + 1}`),
    );
  }
});

test("before header version 6 the ranges lie in the old members", () => {
  const image = opened(part(31, 100, { version: 3 }), part(0, 31, { version: 3 }));
  assert.deepEqual(answers(image, [1, 31, 89]), ["page 1", "page 31", "page 89"]);
});

test("pages of a file that was not given say so, and scans pass over them", () => {
  const image = opened(parts[2], parts[0]);
  assert.deepEqual(answers(image, [29, 31, 33, 50]), [
    "page 29",
    "missing: page is in a file of the split dump that was not given",
    "missing: page not in dump",
    "page 50",
  ]);
  assert.deepEqual(
    [...held(image)],
    pfns.filter((pfn) => pfn < 31 || pfn >= 50),
  );
  assert.equal(image.has(31), false);
  assert.equal(image.facts.incomplete, "missing file");
});

test("files that do not belong together are refused", () => {
  assert.match(refusal(parts[0], parts[1], parts[0]), /file 1 and file 3 are the same part of the dump/);
  assert.match(refusal(parts[0], part(31, 50, { release: "6.2" })), /file 1 and file 2 are not parts of the same dump/);
  assert.match(refusal(parts[0], kdumpFile(all)), /file 2 is a whole dump: give it alone/);
  assert.match(refusal(kdumpFile(all), kdumpFile(all)), /is a whole dump: give it alone/);
});

test("parts may be flattened, each for itself", () => {
  const image = opened(flattened(parts[1], 999), parts[0], flattened(parts[2], 4096));
  assert.deepEqual([...held(image)], pfns);
  assert.deepEqual(answers(image, [1, 31, 89]), ["page 1", "page 31", "page 89"]);
});
