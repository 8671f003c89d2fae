import assert from "node:assert/strict";
import { test } from "node:test";
import { bytesFile } from "../../../src/base/file.ts";
import { bitmap } from "../../../src/dump/kdump/bitmap.ts";
import { random } from "../../builders/image.ts";

/** Counted and searched bit by bit, to compare with. */
function naive(bytes: Uint8Array, bits: number) {
  const set = Array.from({ length: bits }, (_, bit) => ((bytes[bit >> 3] ?? 0) >> (bit & 7)) & 1);
  const ranks = [0];
  for (const bit of set) ranks.push(ranks.at(-1)! + bit);
  return {
    has: (bit: number) => set[bit] === 1,
    rank: (bit: number) => ranks[bit],
    next: (bit: number) => set.indexOf(1, bit),
  };
}

for (const density of [0.5, 50, 254]) {
  test(`rank, has and next agree with counting bit by bit over several regions (density ${density})`, () => {
    const below = random(density);
    const bytes = Uint8Array.from({ length: 150_000 }, () => (below(256) < density ? below(256) : 0));
    const bits = bytes.length * 8 - 3;
    const expected = naive(bytes, bits);
    const map = bitmap(bytesFile("bitmap", bytes), 0, bits);
    const edges = [0, 1, 7, 8, 31, 32, 511, 512, 65535, 524287, 524288, 524289, 1048576, bits - 1];
    for (const bit of [...edges.reverse(), ...Array.from({ length: 2000 }, () => below(bits))]) {
      assert.equal(map.has(bit), expected.has(bit), `has(${bit})`);
      assert.equal(map.rank(bit), expected.rank(bit), `rank(${bit})`);
      assert.equal(map.next(bit), expected.next(bit), `next(${bit})`);
    }
  });
}

test("bits beyond the last page are nobody's, even where their byte has them set", () => {
  const map = bitmap(bytesFile("bitmap", new Uint8Array(8).fill(0xff)), 1, 11);
  assert.deepEqual([map.has(10), map.has(11), map.has(-1), map.next(10), map.next(11)], [true, false, false, 10, -1]);
});

test("a file that ends within the bitmap leaves the rest clear", () => {
  const map = bitmap(bytesFile("bitmap", new Uint8Array(4).fill(0xff)), 0, 1 << 22);
  assert.deepEqual([map.has(31), map.has(32), map.next(32), map.rank(1 << 21)], [true, false, -1, 32]);
});
