import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { test } from "node:test";
import { attempt, Fault } from "../../src/base/fault.ts";
import { unxz, unxzStream } from "../../src/archive/xz.ts";
import { toEnd } from "../../src/base/job.ts";
import { xz } from "../builders/xz.ts";
import { CODE, PACKED, PACKED_CODE, TEXT } from "../builders/xzText.ts";

const most = 1 << 20;
const unpack = (bytes: Uint8Array): Buffer => Buffer.from(toEnd(unxz(bytes, most)));

for (const [options, file] of Object.entries(PACKED))
  test(`the output of xz ${options} is unpacked`, () => assert.deepEqual(unpack(file), TEXT));

test("calls and jumps that the x86 filter changed are restored in memory; a stream with it is refused", async () => {
  assert.deepEqual(unpack(PACKED_CODE), CODE);
  await assert.rejects(streamed(PACKED_CODE), /xz filters that are not supported/);
});

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
  assert.equal(reason(xz(bytes, { size: most + 1 })), "would unpack to 1048577 bytes, more than the limit of 1048576");
  assert.match(reason(xz(bytes, { size: most })), /its index states \d+ unpacked bytes, more than 8192 for each/);
  assert.match(reason(xz(bytes, { size: 2 })), /its index does not match its blocks/);
  assert.match(reason(xz(Buffer.from("xyz"), { size: 2 })), /they unpack to more bytes than the file states/);
});

test("another filter, data without a dictionary or properties and a wrong checksum are told", () => {
  assert.match(reason(xz(Buffer.from("x"), { filter: 4 })), /xz filters/);
  assert.match(
    reason(xz(Buffer.from("x"), { data: Buffer.from([2, 0, 0, 0x78, 0]) })),
    /the first chunk does not reset the dictionary/,
  );
  assert.match(reason(xz(Buffer.from("x"), { data: Buffer.from([0xe0, 0, 0, 0, 5, 0xff, 0, 0, 0, 0, 0, 0, 0]) })), /impossible properties/); // prettier-ignore
  assert.match(
    reason(xz(Buffer.from("x"), { data: Buffer.from([1, 0, 0, 0x79, 0]) })),
    /the checksum of a block is wrong/,
  );
});

test("consecutive streams with padding are one file", async () => {
  const parts = [...Object.values(PACKED), xz(Buffer.from("x"))];
  const file = Buffer.concat(parts.flatMap((part) => [part, Buffer.alloc(8)]));
  const whole = Buffer.concat([TEXT, TEXT, Buffer.from("x")]);
  assert.deepEqual(unpack(file), whole);
  assert.deepEqual(await streamed(file), whole);
  assert.equal(reason(Buffer.concat([xz(TEXT), xz(Buffer.alloc(most))])), `would unpack to ${most + TEXT.length} bytes, more than the limit of ${most}`); // prettier-ignore
});

test("bytes after a stream that are neither padding nor a stream are a fault", async () => {
  const file = xz(Buffer.from("x"));
  for (const rest of [
    Buffer.alloc(3),
    Buffer.from("rest"),
    Buffer.from("a rest of some length"),
    file.subarray(0, 20),
  ]) {
    const bytes = Buffer.concat([file, rest]);
    assert.match(reason(bytes), /^its xz stream is damaged/);
    await assert.rejects(streamed(bytes), Fault);
  }
});

test("the checksum that a stream names is compared: CRC32, CRC64, SHA-256", async () => {
  const files = [...Object.values(PACKED), xz(TEXT)];
  for (const [i, size] of [4, 8, 32].entries()) {
    const file = Buffer.from(files[i] ?? []);
    const foot = file.length - 12;
    const end = foot - (file.readUInt32LE(foot + 4) + 1) * 4;
    for (const at of [end - size, end - 1]) {
      const damaged = Buffer.from(file);
      damaged[at] = (damaged[at] ?? 0) ^ 0x80;
      assert.match(reason(damaged), /the checksum of a block is wrong/);
      await assert.rejects(streamed(damaged), /the checksum of a block is wrong/);
    }
  }
});

test("a stream needs only the memory of its dictionary, whatever its length", async () => {
  const contents = Buffer.alloc(96 << 20);
  const file = xz(contents);
  const before = process.memoryUsage().arrayBuffers;
  let [most, length] = [0, 0];
  for await (const piece of unxzStream(Readable.from([file]))) {
    length += piece.length;
    if (length % (1 << 22) < 1 << 16) {
      globalThis.gc?.();
      most = Math.max(most, process.memoryUsage().arrayBuffers - before);
    }
  }
  assert.equal(length, contents.length);
  assert.ok(most < 80 << 20, `${most >> 20} MiB`);
});

test("a dictionary of gigabytes is refused", async () => {
  await assert.rejects(streamed(xz(Buffer.from("x"), { dictionary: 40 })), /needs a dictionary of 4294967296 bytes/);
});

test("a damaged byte gives the same bytes or a fault, an early end a fault", () => {
  let [faults, tried] = [0, 0];
  for (const whole of Object.values(PACKED)) {
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

test("a stream is unpacked piece by piece, with any checksum and beyond the size of its buffer", async () => {
  for (const file of Object.values(PACKED)) assert.deepEqual(await streamed(file), TEXT);
  const contents = Buffer.alloc(9 << 20, TEXT);
  assert.ok((await streamed(xz(contents))).equals(contents));
});

test("a damaged stream and a wrong checksum are faults", async () => {
  const whole = xz(TEXT);
  for (let length = 0; length < whole.length - 60; length += 97) await assert.rejects(streamed(whole.subarray(0, length)), Fault); // prettier-ignore
  const damaged = Buffer.from(whole);
  damaged[300] = (damaged[300] ?? 0) ^ 1;
  await assert.rejects(streamed(damaged), /the checksum of a block is wrong/);
  const packed = Object.values(PACKED)[0] ?? Buffer.alloc(0);
  for (let at = 12; at < packed.length - 40; at++) {
    const bytes = Buffer.from(packed);
    bytes[at] = (bytes[at] ?? 0) ^ 0x10;
    await streamed(bytes).catch((error: unknown) => assert.ok(error instanceof Fault, `byte ${at}: ${String(error)}`));
  }
});
