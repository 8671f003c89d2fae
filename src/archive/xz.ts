import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import { Fault } from "../base/fault.ts";
import { viewOf } from "../base/bytes.ts";
import { packingOf } from "../base/packing.ts";
import { ByteReader } from "./byteReader.ts";
import { CHUNK_HEAD, chunkLength, Lzma2Stream, unpackLzma2 } from "./lzma2.ts";

/**
 * Files of one xz stream. Those that the kernel's build packs modules into (scripts/Makefile.modinst) are unpacked in
 * memory: their index stands at the end and tells before anything is unpacked how much it will be. The facts are those of
 * "The .xz File Format", 1.0.4.
 */

const HEADER = 12;
const FOOTER = 12;
const FOOTER_MAGIC = "595a";
const FILTER_LZMA2 = 0x21;
/** Of a block's flags. */
const FILTERS = 3;
const HAS_PACKED_SIZE = 0x40;
const HAS_UNPACKED_SIZE = 0x80;
/** By kind of check: how many bytes it has. */
const CHECK_SIZES = [0, 4, 4, 4, 8, 8, 8, 16, 16, 16, 32, 32, 32, 64, 64, 64];
const CHECK_CRC32 = 1;
const CHECK_CRC64 = 4;
const CHECK_SHA256 = 10;
/** No bytes take less than a 7,000th of their room: a longest match of 273 bytes, likely as it may be, has a third of a bit. */
const MAX_RATIO = 1 << 13;

/** xz -9 takes 64 MiB. */
const MAX_DICTIONARY = 128 << 20;

interface Block {
  readonly at: number;
  /** Without the padding that follows it. */
  readonly size: number;
  readonly unpacked: number;
}

const damaged = (what: string): Fault => Fault.of("corrupt", `its xz stream is damaged: ${what}`);

/** Whether a file has the checksum that rpm gives its payloads. @param head its first 8 bytes, of an xz file */
export const hasSha256 = (head: Uint8Array): boolean => ((head[7] ?? 0) & 15) === CHECK_SHA256;

/**
 * Unpacks an xz file; yields every few milliseconds.
 * @param most bytes that it may unpack to
 * @throws Fault for one that is damaged, too large or packed in a way that no module is
 */
export function* unxz(input: Uint8Array, most: number): Generator<void, Uint8Array, void> {
  const view = viewOf(input);
  const foot = input.length - FOOTER;
  if (packingOf(input) !== "xz" || foot < HEADER || Buffer.from(input.subarray(-2)).toString("hex") !== FOOTER_MAGIC)
    throw damaged("it has no beginning or no end");
  if (crc32(input.subarray(6, 8)) !== view.getUint32(8, true)) throw damaged("its header is wrong");
  const check = (input[7] ?? 0) & 15;
  const indexAt = foot - (view.getUint32(foot + 4, true) + 1) * 4;
  if (indexAt < HEADER || crc32(input.subarray(foot + 4, foot + 10)) !== view.getUint32(foot, true))
    throw damaged("its footer is wrong");
  if (crc32(input.subarray(indexAt, foot - 4)) !== view.getUint32(foot - 4, true)) throw damaged("its index is wrong");
  const blocks = indexed(input.subarray(indexAt, foot - 4));
  const total = blocks.reduce((sum, { unpacked }) => sum + unpacked, 0);
  const end = blocks.reduce((sum, { size }) => sum + padded(size), HEADER);
  if (end !== indexAt) throw damaged("its index tells of other blocks, or several streams are one behind the other");
  if (total > most) throw Fault.of("corrupt", `would unpack to ${total} bytes, more than any module has`);
  if (total > input.length * MAX_RATIO) throw damaged("its index tells more than can be in it");
  const output = new Uint8Array(total);
  let done = 0;
  for (const block of blocks) {
    const bytes = output.subarray(done, (done += block.unpacked));
    yield* unpackBlock(input.subarray(block.at, block.at + padded(block.size)), block.size, check, bytes);
  }
  return output;
}

const padded = (size: number): number => Math.ceil(size / 4) * 4;

/** @param index without its checksum @throws Fault */
function indexed(index: Uint8Array): Block[] {
  const numbers = new Numbers(index, 1);
  const blocks: Block[] = [];
  let at = HEADER;
  const count = numbers.next();
  if (index[0] !== 0 || count > index.length) throw damaged("its index is wrong");
  for (let i = 0; i < count; i++) {
    const block = { at, size: numbers.next(), unpacked: numbers.next() };
    blocks.push(block);
    at += padded(block.size);
  }
  return blocks;
}

/** @param block with the padding before its checksum */
function* unpackBlock(block: Uint8Array, size: number, check: number, output: Uint8Array): Generator<void, void> {
  const header = ((block[0] ?? 0) + 1) * 4;
  const checkSize = CHECK_SIZES[check] ?? 0;
  const dataEnd = block.length - checkSize;
  if (header > dataEnd) throw damaged("the header of a block is wrong");
  dictionaryOf(block.subarray(0, header));
  const end = yield* unpackLzma2(block.subarray(0, dataEnd), header, output);
  if (end + checkSize !== size) throw damaged("a block is longer than what is packed in it");
  const sum = checksum(check, output);
  if (sum && Buffer.compare(sum, block.subarray(dataEnd)) !== 0) throw damaged("a checksum is wrong");
}

/** The size that the header of a block gives for the dictionary. @throws Fault */
function dictionaryOf(header: Uint8Array): number {
  const end = header.length - 4;
  if (end < 4 || crc32(header.subarray(0, end)) !== viewOf(header).getUint32(end, true))
    throw damaged("the header of a block is wrong");
  const flags = header[1] ?? 0;
  const numbers = new Numbers(header.subarray(0, end), 2);
  if (flags & HAS_PACKED_SIZE) numbers.next();
  if (flags & HAS_UNPACKED_SIZE) numbers.next();
  if ((flags & FILTERS) !== 0 || numbers.next() !== FILTER_LZMA2 || numbers.next() !== 1)
    throw Fault.of("unknown", 'is packed with filters of xz that are not known here: unpack it with "xz -dk"');
  const bits = numbers.next();
  return (2 | (bits & 1)) * 2 ** ((bits >> 1) + 11);
}

/**
 * Unpacks an xz file of any length as it comes.
 * @param bytes of the file, from its beginning
 * @throws Fault
 */
export async function* unxzStream(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = new ByteReader(bytes);
  const check = ((await reader.read(HEADER))[7] ?? 0) & 15;
  const checkSize = CHECK_SIZES[check] ?? 0;
  for (let size = await reader.read(1); size[0] !== 0; size = await reader.read(1)) {
    const start = reader.position - 1;
    const dictionary = dictionaryOf(Buffer.concat([size, await reader.read(((size[0] ?? 0) + 1) * 4 - 1)]));
    if (dictionary > MAX_DICTIONARY) throw Fault.of("unknown", `wants a dictionary of ${dictionary} bytes`);
    const lzma = new Lzma2Stream(dictionary);
    const hash = createHash("sha256");
    for (let kind = await reader.read(1); kind[0] !== 0; kind = await reader.read(1)) {
      const head = Buffer.concat([kind, await reader.read(kind[0] === 1 || kind[0] === 2 ? 2 : CHUNK_HEAD - 1)]);
      const unpacked = lzma.unpack(Buffer.concat([head, await reader.read(chunkLength(head) - head.length)])).slice();
      if (check === CHECK_SHA256) hash.update(unpacked);
      yield unpacked;
    }
    await reader.skip(-(reader.position - start) & 3);
    const sum = await reader.read(checkSize);
    if (sum.length < checkSize) throw damaged("it ends early");
    if (check === CHECK_SHA256 && Buffer.compare(sum, hash.digest()) !== 0) throw damaged("a checksum is wrong");
  }
}

/** The integers of variable length of the format (1.2). */
class Numbers {
  private readonly bytes: Uint8Array;
  private at: number;

  constructor(bytes: Uint8Array, at: number) {
    this.bytes = bytes;
    this.at = at;
  }

  /** @throws Fault */
  next(): number {
    let value = 0;
    for (let scale = 1; scale < Number.MAX_SAFE_INTEGER; scale *= 0x80) {
      const byte = this.bytes[this.at++];
      if (byte === undefined) break;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80 && Number.isSafeInteger(value)) return value;
    }
    throw damaged("it has an impossible number");
  }
}

/** undefined for a kind of check that nobody uses. */
function checksum(check: number, bytes: Uint8Array): Buffer | undefined {
  if (check === CHECK_SHA256) return createHash("sha256").update(bytes).digest();
  const sum = Buffer.alloc(CHECK_SIZES[check] ?? 0);
  if (check === CHECK_CRC32) sum.writeUInt32LE(crc32(bytes));
  else if (check === CHECK_CRC64) crc64(bytes).forEach((word, i) => sum.writeUInt32LE(word, i * 4));
  else return undefined;
  return sum;
}

/** The polynomial of ECMA-182, its bits turned around. */
const CRC64_POLYNOMIAL = 0xc96c5795d7870f42n;
let crc64Table: Uint32Array | undefined;

/** @returns the low word, the high word */
function crc64(bytes: Uint8Array): [number, number] {
  const table = (crc64Table ??= Uint32Array.from({ length: 512 }, (_, i) => {
    let entry = BigInt(i >> 1);
    for (let bit = 0; bit < 8; bit++) entry = (entry >> 1n) ^ (entry & 1n ? CRC64_POLYNOMIAL : 0n);
    return Number(i & 1 ? entry >> 32n : entry & 0xffffffffn);
  }));
  let [low, high] = [-1, -1];
  for (const byte of bytes) {
    const at = ((low ^ byte) & 0xff) * 2;
    low = ((low >>> 8) | (high << 24)) ^ (table[at] ?? 0);
    high = (high >>> 8) ^ (table[at + 1] ?? 0);
  }
  return [~low >>> 0, ~high >>> 0];
}
