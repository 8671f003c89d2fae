import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { test } from "node:test";
import { attempt, Fault } from "../../src/base/fault.ts";
import { unxz, unxzStream } from "../../src/archive/xz.ts";
import { toEnd } from "../../src/base/job.ts";
import { xz } from "../builders/xz.ts";

const most = 1 << 20;
const unpack = (bytes: Uint8Array): Buffer => Buffer.from(toEnd(unxz(bytes, most)));

const words = Array.from({ length: 120 }, (_, i) => ((i * i * 7919) % 1009).toString(36) + "task_struct".slice(i % 11));
const text = words.join(", ");
/** Literals, matches near and far, distances that come again, a run. */
const TEXT = Buffer.from(text + text.slice(300) + "\0".repeat(3000));

/** TEXT as XZ Utils 5.4 packs it. */
const PACKED = {
  "--check=crc32 --lzma2=dict=1MiB":
    "/Td6WFoAAAFpIt42AgAhARAAAACocI6G4BPvAWRdABgdCCdmzriDWFSeVcIS3tGslx/lG/gQQNdSs7hAwlcnmkkOcMblBfbiuunXtnXrWE0b3KaLFxoJ4eFLtjdeMz1YpFFr/1XzySoH57HRMdDnppRV93L62U+1XK7UGuwUgjpUEcajQGnK+S/oscnYVSOBo5kbw7tOZ0jTy0vuT2psuv/5g00F2kozfUGf/eE8V7NXwCK+25/ZeXJT6e9LAHfpuedbr3bnmPQFi9J2F5T4YYjvD7+Hg/XI5wIHi1Br3VNfC4NVKP9O8mtf7lkjZqFJpK6rtykrR/EU2bdnQ5YPkZwIJ6z+lRZlbPidkgM2QeNW5fSCJsdXFG9v5v5kjNx0b9ClhdSpd1hu6TS+jfxNsZSpBygIJXxlG4GaUzstEqyIdvmUxUxiMkK67EFFJZiRPQxXD1H90/njTJr/OVDInxPTkkNUB0Za5j+F0/bMgTpjHrgUFpmTczyVJqHDz+1qi4UAAMV7Yy4AAfwC8CcAAB0YoWA+MA2LAgAAAAABWVo=",
  "--check=crc64 --lzma2=preset=9e,lc=1,lp=2,pb=0":
    "/Td6WFoAAATm1rRGAgAhARwAAAAQz1jM4BPvAWMTABgd8U6IoI/5HpqBDQzsaA06PpMNCtvGIyoJWkVLqV0EUHQOaDOb4KzIGEb6ANU2peI2NXmwss2xeqYPTwkpzkT/a7bvox123gu4xA1dAtb33N7+Gk+LnhbXEsW41dsWvlCH8lyemTV6lH7zv88UcqhOfryx+zWGha32faXJW/FwsOQmIRZHvZspdQXjeVYXqC4Ju2rzsItcy57Gi+54kDjmy20heLZI63oq53406inBvPHtRv/2bGOcgGG42fR2LzBrQ/TUtx7IlA/89tOR9GRyWVQhlh4mKsFqqPgdVrtYs/TGW0dE7EEeLG/Zre6rP5biagEjk/1Yx2BB4t86ZL5q2Lnrdd8JjiItPXfCzBgBXYToDvp4+apdjngZ3doDMGYNZD9SYdqM2q+nWAtala65EhtsD9bQqpT3hCsrjnk1AQi4YLCEUbg5eplNd7dyg6lgy/Tp1HQyNDSfN78eC/scqQMAAM011bMNblETAAH/AvAnAACzajXmscRn+wIAAAAABFla",
};

for (const [options, base64] of Object.entries(PACKED))
  test(`what xz ${options} packs is unpacked`, () => assert.deepEqual(unpack(Buffer.from(base64, "base64")), TEXT));

test("chunks that are not packed, several of them, are unpacked", () => {
  const contents = Buffer.alloc(200_000, TEXT);
  assert.deepEqual(unpack(xz(contents)), contents);
  assert.deepEqual(unpack(xz(Buffer.from("x"))), Buffer.from("x"));
});

/** Why bytes cannot be unpacked. */
function reason(bytes: Uint8Array): string {
  try {
    return `unpacked to ${unpack(bytes).length} bytes`;
  } catch (error) {
    assert.ok(error instanceof Fault, String(error));
    return error.message;
  }
}

test("a size that is too large or cannot be true is refused before there is room for it", () => {
  const bytes = Buffer.from("x");
  assert.equal(reason(xz(bytes, { size: most + 1 })), "would unpack to 1048577 bytes, more than any module has");
  assert.match(reason(xz(bytes, { size: most })), /its index tells more than can be in it/);
  assert.match(reason(xz(bytes, { size: 2 })), /they are less than the file says/);
  assert.match(reason(xz(Buffer.from("xyz"), { size: 2 })), /they are more than the file says/);
});

test("another filter, data without a dictionary or properties and a wrong checksum are told", () => {
  assert.match(reason(xz(Buffer.from("x"), { filter: 4 })), /filters of xz/);
  assert.match(reason(xz(Buffer.from("x"), { data: Buffer.from([2, 0, 0, 0x78, 0]) })), /begin in the middle/);
  assert.match(reason(xz(Buffer.from("x"), { data: Buffer.from([0xe0, 0, 0, 0, 5, 0xff, 0, 0, 0, 0, 0, 0, 0]) })), /impossible properties/); // prettier-ignore
  assert.match(reason(xz(Buffer.from("x"), { data: Buffer.from([1, 0, 0, 0x79, 0]) })), /a checksum is wrong/);
  assert.match(reason(Buffer.concat([xz(Buffer.from("x")), xz(Buffer.from("y"))])), /several streams/);
});

test("a damaged byte gives the same bytes or a fault, an early end a fault", () => {
  let [faults, tried] = [0, 0];
  for (const base64 of Object.values(PACKED)) {
    const whole = Buffer.from(base64, "base64");
    for (let at = 0; at < whole.length; at++, tried++) {
      const damaged = Buffer.from(whole);
      damaged[at] = (damaged[at] ?? 0) ^ (1 << (at & 7));
      const result = attempt(() => unpack(damaged));
      assert.ok(result instanceof Fault || result.equals(TEXT), `byte ${at}`);
      if (result instanceof Fault) faults++;
      assert.doesNotMatch(reason(whole.subarray(0, at)), /^unpacked/, `${at} bytes`);
    }
  }
  assert.ok(faults > 0.9 * tried, `${faults} faults of ${tried}`);
});

test("a long unpacking pauses after each chunk", () => {
  assert.ok([...unxz(xz(Buffer.alloc(300_000)), most)].length >= 4);
});

/** The stream in pieces of a few bytes. */
async function streamed(bytes: Uint8Array): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  const source = Readable.from(Array.from({ length: Math.ceil(bytes.length / 777) }, (_, i) => bytes.subarray(i * 777, (i + 1) * 777))); // prettier-ignore
  for await (const piece of unxzStream(source)) pieces.push(piece);
  return Buffer.concat(pieces);
}

test("a stream is unpacked as it comes, whatever its checksum, and beyond what is kept of it", async () => {
  for (const base64 of Object.values(PACKED)) assert.deepEqual(await streamed(Buffer.from(base64, "base64")), TEXT);
  const contents = Buffer.alloc(9 << 20, TEXT);
  assert.ok((await streamed(xz(contents))).equals(contents));
});

test("a damaged stream ends in a fault, and a wrong checksum is told", async () => {
  const whole = xz(TEXT);
  for (let length = 0; length < whole.length - 60; length += 97) await assert.rejects(streamed(whole.subarray(0, length)), Fault); // prettier-ignore
  const damaged = Buffer.from(whole);
  damaged[300] = (damaged[300] ?? 0) ^ 1;
  await assert.rejects(streamed(damaged), /a checksum is wrong/);
  const packed = Buffer.from(Object.values(PACKED)[0] ?? "", "base64");
  for (let at = 12; at < packed.length - 40; at++) {
    const bytes = Buffer.from(packed);
    bytes[at] = (bytes[at] ?? 0) ^ 0x10;
    await streamed(bytes).catch((error: unknown) => assert.ok(error instanceof Fault, `byte ${at}: ${String(error)}`));
  }
});
