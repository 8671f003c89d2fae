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

/** A bitmap of 24 TiB of 4 KiB pages: 64 runs of pages, spread over the whole range. */
function sparse() {
  const bits = (24 * 2 ** 40) / 4096;
  const runs = Array.from({ length: 64 }, (_, i) => Math.floor((i * (bits - 1e6)) / 63 / 8) * 8);
  const RUN_BYTES = 1000;
  let reads = 0;
  const fill = (target: Uint8Array, offset: number): Uint8Array => {
    reads += target.length;
    target.fill(0);
    for (const run of runs) {
      const from = Math.max(0, run / 8 - offset);
      const to = Math.min(target.length, run / 8 + RUN_BYTES - offset);
      if (from < to) target.fill(0xff, from, to);
    }
    return target;
  };
  const file = {
    name: "sparse",
    size: bits / 8,
    read: (at: number, n: number) => fill(new Uint8Array(n), at),
    readInto: (target: Uint8Array, at: number) => fill(target, at).length,
    close() {},
  };
  return { map: bitmap(file, 0, bits), bits, runs, runBits: RUN_BYTES * 8, reads: () => reads };
}

test("24 TiB are counted once, and random access over all of it reads only the blocks that it needs", () => {
  const { map, bits, runs, runBits, reads } = sparse();
  const last = runs.at(-1)!;
  const started = process.cpuUsage();
  assert.equal(map.rank(last + 5), 63 * runBits + 5);
  const { user, system } = process.cpuUsage(started);
  assert.ok(user + system < 6e6, `${(user + system) / 1e6} s`);
  const counted = reads();
  assert.ok(counted <= bits / 8 + (1 << 21), `${counted} bytes`);
  for (let i = 0; i < 5000; i++) {
    const run = (i * 37) % runs.length;
    assert.equal(map.rank(runs[run]! + 9), run * runBits + 9);
    assert.equal(map.next(runs[run]! + runBits), runs[run + 1] ?? -1);
  }
  assert.ok(reads() - counted < 2 << 20, `${reads() - counted} bytes more`);
  assert.ok(process.memoryUsage().arrayBuffers < 64 << 20, `${process.memoryUsage().arrayBuffers} bytes`);
});
