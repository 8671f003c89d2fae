import { crc32 } from "node:zlib";
import { Fault } from "../base/fault.ts";
import { viewOf } from "../base/bytes.ts";
import { packingOf } from "../base/packing.ts";
import { ByteReader } from "./byteReader.ts";
import { chunkOf, headRest, Lzma2, windowSize } from "./lzma2.ts";
import { checkOf } from "./xzCheck.ts";

/**
 * Files of xz: streams one behind the other, with or without padding, of blocks of LZMA2. `unxz` unpacks one that is in
 * memory without waiting, `unxzStream` one of any length as it comes. The facts are those of "The .xz File Format", 1.2.1.
 */

const HEADER = 12;
const FOOTER = 12;
const FOOTER_MAGIC = 0x5a59;
const FILTER_LZMA2 = 0x21;
/** Of a block's flags. */
const FILTERS = 3;
const RESERVED = 0x3c;
const HAS_PACKED_SIZE = 0x40;
const HAS_UNPACKED_SIZE = 0x80;
/** No bytes take less than a 7,000th of their room: a longest match of 273 bytes, likely as it may be, has a third of a bit. */
const MAX_RATIO = 1 << 13;
/** xz -9 takes 64 MiB. */
const MAX_DICTIONARY = 128 << 20;
/** xz -T0 makes blocks of 3 MiB and more: a million of them are more than 3 TiB. */
const MAX_BLOCKS = 1 << 20;
/** Of a file that is unpacked in memory, which xz makes of one stream. */
const MAX_STREAMS = 1 << 10;
const MAX_INDEX = 1 << 20;
/** Bytes of a file after which unpacking in memory pauses, if nothing came of them. */
const PAUSE = 1 << 16;

const damaged = (what: string): Fault => Fault.of("corrupt", `its xz stream is damaged: ${what}`);

/** What reading takes: a number of bytes that are wanted next, or bytes that were unpacked. */
type Steps<Result = void> = Generator<number | Uint8Array, Result, Uint8Array>;

/** @param dictionary its size in bytes @param unpacked what a block says that it unpacks to */
type Window = (dictionary: number, unpacked: number | undefined) => { window: Uint8Array; dictionary: number };

/** Reads a file from its beginning to its end, whoever has the bytes. Every step may throw a Fault. */
class XzFile {
  private position = 0;
  private readonly windowOf: Window;
  private readonly lzma = new Lzma2();

  constructor(windowOf: Window) {
    this.windowOf = windowOf;
  }

  *steps(): Steps {
    let head = yield* this.take(HEADER);
    for (;;) {
      yield* this.stream(head);
      let word: Uint8Array;
      do {
        word = yield 4;
        if (word.length === 0) return;
        if (word.length < 4) throw damaged("what follows the stream is not padding");
      } while (isZero(word));
      head = Buffer.concat([word, yield* this.take(HEADER - 4)]);
    }
  }

  private *take(length: number): Steps<Uint8Array> {
    const bytes = length === 0 ? new Uint8Array(0) : yield length;
    if (bytes.length < length) throw damaged("it ends early");
    this.position += length;
    return bytes;
  }

  private *stream(head: Uint8Array): Steps {
    const flags = streamFlags(head);
    const records: number[] = [];
    let count = 0;
    for (;;) {
      const [size = 0] = yield* this.take(1);
      if (size === 0) break;
      if (++count > MAX_BLOCKS) throw damaged(`it has more than ${MAX_BLOCKS} blocks`);
      for (const number of yield* this.block(size, flags & 15)) pushNumber(records, number);
    }
    const index = [0];
    pushNumber(index, count);
    const expected = padded(Buffer.concat([Buffer.from(index), Buffer.from(records)]));
    if (Buffer.compare(expected.subarray(1), yield* this.take(expected.length - 1)) !== 0)
      throw damaged("its index tells of other blocks");
    const sum = viewOf(yield* this.take(4)).getUint32(0, true);
    if (sum !== crc32(expected)) throw damaged("its index is wrong");
    const foot = yield* this.take(FOOTER);
    const footer = footerOf(foot);
    if (footer.flags !== flags || footer.index !== expected.length + 4) throw damaged("its footer is wrong");
  }

  /** @returns its size without padding, and what it unpacked to */
  private *block(size: number, checkKind: number): Steps<[number, number]> {
    const start = this.position - 1;
    const header = blockHeader(Buffer.concat([Buffer.from([size]), yield* this.take((size + 1) * 4 - 1)]));
    if (header.dictionary > MAX_DICTIONARY)
      throw Fault.of("unknown", `wants a dictionary of ${header.dictionary} bytes`);
    const check = checkOf(checkKind);
    const data = this.position;
    let unpacked = 0;
    let isBegun = false;
    for (;;) {
      const [control = 0] = yield* this.take(1);
      if (control === 0) break;
      const chunk = chunkOf(control, yield* this.take(headRest(control)));
      const bytes = yield* this.take(chunk.packed);
      if (!isBegun) {
        const { window, dictionary } = this.windowOf(header.dictionary, header.unpacked);
        this.lzma.begin(window, dictionary);
        isBegun = true;
      }
      const output = this.lzma.unpack(chunk, bytes);
      unpacked += output.length;
      check.update(output);
      yield output;
    }
    if ((header.packed ?? this.position - data) !== this.position - data || (header.unpacked ?? unpacked) !== unpacked)
      throw damaged("the header of a block tells other lengths");
    const length = this.position - start;
    if (!isZero(yield* this.take(-length & 3))) throw damaged("its padding is not zero");
    if (!check.matches(yield* this.take(check.size))) throw damaged("a checksum is wrong");
    return [length + check.size, unpacked];
  }
}

const isZero = (bytes: Uint8Array): boolean => bytes.every((byte) => byte === 0);
const padded = (bytes: Buffer): Buffer => Buffer.concat([bytes, Buffer.alloc(-bytes.length & 3)]);

/** @throws Fault */
function streamFlags(head: Uint8Array): number {
  if (packingOf(head) !== "xz") throw damaged("it has no beginning");
  const view = viewOf(head);
  if (crc32(head.subarray(6, 8)) !== view.getUint32(8, true)) throw damaged("its header is wrong");
  const flags = view.getUint16(6);
  if (flags > 15) throw Fault.of("unknown", "is an xz stream with flags that are not known here");
  return flags;
}

/** @returns the stream's flags, the bytes of its index @throws Fault */
function footerOf(foot: Uint8Array): { flags: number; index: number } {
  const view = viewOf(foot);
  if (view.getUint16(10, true) !== FOOTER_MAGIC) throw damaged("it has no end");
  if (crc32(foot.subarray(4, 10)) !== view.getUint32(0, true)) throw damaged("its footer is wrong");
  return { flags: view.getUint16(8), index: (view.getUint32(4, true) + 1) * 4 };
}

interface BlockHeader {
  readonly dictionary: number;
  readonly packed: number | undefined;
  readonly unpacked: number | undefined;
}

/** @throws Fault */
function blockHeader(header: Uint8Array): BlockHeader {
  const end = header.length - 4;
  if (end < 4 || crc32(header.subarray(0, end)) !== viewOf(header).getUint32(end, true))
    throw damaged("the header of a block is wrong");
  const flags = header[1] ?? 0;
  const numbers = new Numbers(header.subarray(0, end), 2);
  const packed = flags & HAS_PACKED_SIZE ? numbers.next() : undefined;
  const unpacked = flags & HAS_UNPACKED_SIZE ? numbers.next() : undefined;
  if ((flags & (FILTERS | RESERVED)) !== 0 || numbers.next() !== FILTER_LZMA2 || numbers.next() !== 1)
    throw Fault.of("unknown", 'is packed with filters of xz that are not known here: unpack it with "xz -dk"');
  const bits = numbers.next();
  return { dictionary: (2 | (bits & 1)) * 2 ** ((bits >> 1) + 11), packed, unpacked };
}

/**
 * Unpacks an xz file; yields every few milliseconds. The indexes at the ends of its streams tell how long the output is.
 * @param most bytes that it may unpack to
 * @throws Fault for one that is damaged, too large or packed in a way that no module is
 */
export function* unxz(input: Uint8Array, most: number): Generator<void, Uint8Array, void> {
  const output = new Uint8Array(unpackedSize(input, most));
  let [at, done, pausedAt] = [0, 0, 0];
  // All that was unpacked is the dictionary: nothing is moved.
  const steps = new XzFile(() => ({ window: output.subarray(done), dictionary: Infinity })).steps();
  for (let step = steps.next(); !step.done;) {
    if (typeof step.value !== "number") done += step.value.length;
    if (typeof step.value !== "number" || at - pausedAt > PAUSE) {
      yield;
      pausedAt = at;
    }
    const bytes = input.subarray(at, typeof step.value === "number" ? at + step.value : at);
    at += bytes.length;
    step = steps.next(bytes);
  }
  return output;
}

/** Adds up what the indexes tell, from the last stream to the first. @throws Fault */
function unpackedSize(input: Uint8Array, most: number): number {
  const view = viewOf(input);
  let total = 0;
  let end = input.length;
  for (let streams = 0; streams === 0 || end > 0; streams++) {
    while (end >= 4 && view.getUint32(end - 4) === 0) end -= 4;
    if (end < HEADER + FOOTER || streams > MAX_STREAMS) throw damaged("it has no beginning or no end");
    const indexEnd = end - FOOTER;
    const { index } = footerOf(input.subarray(indexEnd, end));
    if (index > indexEnd - HEADER || index > MAX_INDEX) throw damaged("its footer is wrong");
    const { packed, unpacked } = indexed(input.subarray(indexEnd - index, indexEnd - 4));
    total += unpacked;
    end = indexEnd - index - packed - HEADER;
    if (end < 0) throw damaged("its index tells of other blocks");
  }
  if (total > most) throw Fault.of("corrupt", `would unpack to ${total} bytes, more than any module has`);
  if (total > input.length * MAX_RATIO) throw damaged("its index tells more than can be in it");
  return total;
}

/** What all blocks of an index come to, their padding among it. @param index without its checksum @throws Fault */
function indexed(index: Uint8Array): { packed: number; unpacked: number } {
  const numbers = new Numbers(index, 1);
  let [packed, unpacked] = [0, 0];
  const count = numbers.next();
  if (index[0] !== 0 || count > index.length) throw damaged("its index is wrong");
  for (let i = 0; i < count; i++) {
    packed += Math.ceil(numbers.next() / 4) * 4;
    unpacked += numbers.next();
  }
  return { packed, unpacked };
}

/**
 * Unpacks an xz file of any length as it comes; no more than the largest of its dictionaries is kept of it.
 * @param bytes of the file, from its beginning
 * @throws Fault
 */
export async function* unxzStream(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = new ByteReader(bytes);
  let room = new Uint8Array(0);
  const steps = new XzFile((dictionary, unpacked) => {
    const size = windowSize(dictionary, unpacked);
    if (room.length < size) room = new Uint8Array(size);
    return { window: room, dictionary };
  }).steps();
  try {
    for (let step = steps.next(); !step.done;) {
      if (typeof step.value === "number") step = steps.next(await reader.read(step.value));
      else {
        yield step.value.slice();
        step = steps.next(new Uint8Array(0));
      }
    }
  } finally {
    await reader.close();
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

/** @param into the bytes that stand before it in the file */
function pushNumber(into: number[], value: number): void {
  for (; value >= 0x80; value = Math.floor(value / 0x80)) into.push((value & 0x7f) | 0x80);
  into.push(value);
}
