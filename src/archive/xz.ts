/**
 * Reads xz files: consecutive streams, with or without padding between them, of LZMA2 blocks. `unxz` unpacks a file in
 * memory, `unxzStream` a file of any length as a stream. Source: "The .xz File Format", 1.2.1.
 */
import { crc32 } from "node:zlib";
import { Fault } from "../base/fault.ts";
import { viewOf } from "../base/bytes.ts";
import { packingOf } from "../base/packing.ts";
import { ByteReader } from "./byteReader.ts";
import { chunkOf, headRest, Lzma2, windowSize } from "./lzma2.ts";
import { checkOf } from "./xzCheck.ts";
import { FILTER_X86, unfilterX86 } from "./xzX86.ts";
import { damaged, Integers, pushInteger } from "./xzIntegers.ts";

/** Sizes in bytes of the header and the footer of a stream. */
const HEADER = 12;
const FOOTER = 12;
const FOOTER_MAGIC = 0x5a59;
const FILTER_LZMA2 = 0x21;
/** Bits of the flags of a block. FILTERS is the number of filters minus one. */
const FILTERS = 3;
const RESERVED = 0x3c;
const HAS_PACKED_SIZE = 0x40;
const HAS_UNPACKED_SIZE = 0x80;
/**
 * Maximum number of unpacked bytes per packed byte. The real limit is about 7,000: a longest match of 273 bytes, at its
 * highest probability, takes a third of a bit.
 */
const MAX_RATIO = 1 << 13;
/** Maximum size of the dictionary in bytes. xz -9 uses 64 MiB. */
const MAX_DICTIONARY = 128 << 20;
/** Maximum number of blocks. xz -T0 makes blocks of 3 MiB and more, so that a million of them hold more than 3 TiB. */
const MAX_BLOCKS = 1 << 20;
/** Maximum number of streams in a file that is unpacked in memory. xz writes one stream. */
const MAX_STREAMS = 1 << 10;
/** Maximum size of the index in bytes, in a file that is unpacked in memory. */
const MAX_INDEX = 1 << 20;
/** Number of input bytes without output after which unpacking in memory pauses. */
const PAUSE = 1 << 16;

/** The steps of reading: a step yields the number of bytes that it needs next, or unpacked bytes. */
type Steps<Result = void> = Generator<number | Uint8Array, Result, Uint8Array>;

/**
 * Returns the output buffer of a block, and the number of unpacked bytes to keep.
 * @param dictionary its size in bytes
 * @param unpacked the unpacked size in bytes that the header of the block states
 */
type WindowProvider = (dictionary: number, unpacked: number | undefined) => { window: Uint8Array; dictionary: number };

/** Reads a file from its beginning to its end; the caller supplies the bytes. Every step may throw a Fault. */
class XzFile {
  private position = 0;
  private readonly windowOf: WindowProvider;
  private readonly keepsBlocks: boolean;
  private readonly lzma = new Lzma2();

  /** @param keepsBlocks whether each window holds a whole block, which is changed in place if the block is filtered */
  constructor(windowOf: WindowProvider, keepsBlocks: boolean) {
    this.windowOf = windowOf;
    this.keepsBlocks = keepsBlocks;
  }

  *steps(): Steps {
    let head = yield* this.take(HEADER);
    for (;;) {
      yield* this.stream(head);
      let word: Uint8Array;
      do {
        word = yield 4;
        if (word.length === 0) return;
        if (word.length < 4) throw damaged("the bytes after the stream are not padding");
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
      for (const number of yield* this.block(size, flags & 15)) pushInteger(records, number);
    }
    const index = [0];
    pushInteger(index, count);
    const expected = padded(Buffer.concat([Buffer.from(index), Buffer.from(records)]));
    if (Buffer.compare(expected.subarray(1), yield* this.take(expected.length - 1)) !== 0)
      throw damaged("its index does not match its blocks");
    const sum = viewOf(yield* this.take(4)).getUint32(0, true);
    if (sum !== crc32(expected)) throw damaged("the checksum of its index is wrong");
    const foot = yield* this.take(FOOTER);
    const footer = footerOf(foot);
    if (footer.flags !== flags || footer.indexSize !== expected.length + 4)
      throw damaged("its footer does not match its header and index");
  }

  /**
   * Reads a block.
   * @returns its size without padding, and its unpacked size, in bytes
   */
  private *block(size: number, checkKind: number): Steps<[number, number]> {
    const start = this.position - 1;
    const header = blockHeader(Buffer.concat([Buffer.from([size]), yield* this.take((size + 1) * 4 - 1)]));
    if (header.dictionary > MAX_DICTIONARY)
      throw Fault.of(
        "unknown",
        `needs a dictionary of ${header.dictionary} bytes, more than the limit of ${MAX_DICTIONARY}: unpack it with "xz -dk"`,
      );
    if (header.isX86 && !this.keepsBlocks) throw unsupportedFilters();
    const check = checkOf(checkKind);
    const data = this.position;
    let unpacked = 0;
    let block: Uint8Array | undefined;
    for (;;) {
      const [control = 0] = yield* this.take(1);
      if (control === 0) break;
      const chunk = chunkOf(control, yield* this.take(headRest(control)));
      const bytes = yield* this.take(chunk.packed);
      if (!block) {
        const { window, dictionary } = this.windowOf(header.dictionary, header.unpacked);
        this.lzma.begin(window, dictionary);
        block = window;
      }
      const output = this.lzma.unpack(chunk, bytes);
      unpacked += output.length;
      if (!header.isX86) check.update(output);
      yield output;
    }
    if (header.isX86 && block) {
      const code = block.subarray(0, unpacked);
      unfilterX86(code);
      check.update(code);
    }
    if ((header.packed ?? this.position - data) !== this.position - data || (header.unpacked ?? unpacked) !== unpacked)
      throw damaged("the lengths in the header of a block do not match the block");
    const length = this.position - start;
    if (!isZero(yield* this.take(-length & 3))) throw damaged("the padding of a block is not zero");
    if (!check.matches(yield* this.take(check.size))) throw damaged("the checksum of a block is wrong");
    return [length + check.size, unpacked];
  }
}

const isZero = (bytes: Uint8Array): boolean => bytes.every((byte) => byte === 0);
const padded = (bytes: Buffer): Buffer => Buffer.concat([bytes, Buffer.alloc(-bytes.length & 3)]);

/** Parses the flags of a stream header, which are the kind of its checks. @throws Fault */
function streamFlags(head: Uint8Array): number {
  if (packingOf(head) !== "xz") throw damaged("it does not begin with the magic bytes of xz");
  const view = viewOf(head);
  if (crc32(head.subarray(6, 8)) !== view.getUint32(8, true)) throw damaged("the checksum of its header is wrong");
  const flags = view.getUint16(6);
  if (flags > 15) throw Fault.of("unknown", "is an xz stream with unknown flags");
  return flags;
}

/**
 * Parses a stream footer.
 * @returns the stream's flags, and the size of its index in bytes
 * @throws Fault corrupt
 */
function footerOf(foot: Uint8Array): { flags: number; indexSize: number } {
  const view = viewOf(foot);
  if (view.getUint16(10, true) !== FOOTER_MAGIC) throw damaged("it does not end with the magic bytes of a footer");
  if (crc32(foot.subarray(4, 10)) !== view.getUint32(0, true)) throw damaged("the checksum of its footer is wrong");
  return { flags: view.getUint16(8), indexSize: (view.getUint32(4, true) + 1) * 4 };
}

interface BlockHeader {
  /** Whether the contents are filtered as x86 code. */
  readonly isX86: boolean;
  readonly dictionary: number;
  readonly packed: number | undefined;
  readonly unpacked: number | undefined;
}

/** Parses a block header. @throws Fault */
function blockHeader(header: Uint8Array): BlockHeader {
  const end = header.length - 4;
  if (end < 4 || crc32(header.subarray(0, end)) !== viewOf(header).getUint32(end, true))
    throw damaged("the checksum of the header of a block is wrong");
  const flags = header[1] ?? 0;
  const numbers = new Integers(header.subarray(0, end), 2);
  const packed = flags & HAS_PACKED_SIZE ? numbers.next() : undefined;
  const unpacked = flags & HAS_UNPACKED_SIZE ? numbers.next() : undefined;
  if ((flags & RESERVED) !== 0 || (flags & FILTERS) > 1) throw unsupportedFilters();
  const isX86 = (flags & FILTERS) === 1;
  // The filter has no properties if the code begins at offset 0.
  if (isX86 && (numbers.next() !== FILTER_X86 || numbers.next() !== 0)) throw unsupportedFilters();
  if (numbers.next() !== FILTER_LZMA2 || numbers.next() !== 1) throw unsupportedFilters();
  const bits = numbers.next();
  return { isX86, dictionary: (2 | (bits & 1)) * 2 ** ((bits >> 1) + 11), packed, unpacked };
}

const unsupportedFilters = (): Fault =>
  Fault.of("unknown", 'is packed with xz filters that are not supported: unpack it with "xz -dk"');

/**
 * Unpacks an xz file. Yields, so that the caller can pause, after each unpacked chunk and after PAUSE input bytes
 * without output. The size of the output is known from the indexes at the ends of the streams.
 * @param most limit of the unpacked size in bytes
 * @throws Fault corrupt if it is damaged or too large, unknown if it uses unsupported filters or flags
 */
export function* unxz(input: Uint8Array, most: number): Generator<void, Uint8Array, void> {
  const output = new Uint8Array(unpackedSize(input, most));
  let [at, done, pausedAt] = [0, 0, 0];
  // The whole output is the dictionary, so nothing is moved.
  const steps = new XzFile(() => ({ window: output.subarray(done), dictionary: Infinity }), true).steps();
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

/**
 * Returns the sum of the unpacked sizes in the indexes, from the last stream to the first, in bytes. @throws Fault
 * corrupt
 */
function unpackedSize(input: Uint8Array, most: number): number {
  const view = viewOf(input);
  let total = 0;
  let end = input.length;
  for (let streams = 0; streams === 0 || end > 0; streams++) {
    while (end >= 4 && view.getUint32(end - 4) === 0) end -= 4;
    if (streams >= MAX_STREAMS) throw damaged(`it has more than ${MAX_STREAMS} streams`);
    if (end < HEADER + FOOTER) throw damaged("a stream is too short for its header and footer");
    const indexEnd = end - FOOTER;
    const { indexSize } = footerOf(input.subarray(indexEnd, end));
    if (indexSize > indexEnd - HEADER || indexSize > MAX_INDEX)
      throw damaged(`its footer states an index of ${indexSize} bytes`);
    const { packed, unpacked } = blockSizes(input.subarray(indexEnd - indexSize, indexEnd - 4));
    total += unpacked;
    end = indexEnd - indexSize - packed - HEADER;
    if (end < 0) throw damaged("its index states blocks that are larger than the file");
  }
  if (total > most) throw Fault.of("corrupt", `would unpack to ${total} bytes, more than the limit of ${most}`);
  if (total > input.length * MAX_RATIO)
    throw damaged(`its index states ${total} unpacked bytes, more than ${MAX_RATIO} for each byte of the file`);
  return total;
}

/**
 * Returns the sums of the sizes in an index: `packed` of the blocks with their padding, `unpacked` of their contents.
 * @param index the index without its checksum @throws Fault corrupt
 */
function blockSizes(index: Uint8Array): { packed: number; unpacked: number } {
  const numbers = new Integers(index, 1);
  let [packed, unpacked] = [0, 0];
  const count = numbers.next();
  if (index[0] !== 0 || count > index.length) throw damaged("its index is invalid");
  for (let i = 0; i < count; i++) {
    packed += Math.ceil(numbers.next() / 4) * 4;
    unpacked += numbers.next();
  }
  return { packed, unpacked };
}

/**
 * Unpacks an xz file of any length as a stream; keeps at most one window of the largest dictionary in memory.
 * @param bytes the file from its beginning
 * @throws Fault
 */
export async function* unxzStream(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = new ByteReader(bytes);
  let buffer = new Uint8Array(0);
  const steps = new XzFile((dictionary, unpacked) => {
    const size = windowSize(dictionary, unpacked);
    if (buffer.length < size) buffer = new Uint8Array(size);
    return { window: buffer, dictionary };
  }, false).steps();
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
