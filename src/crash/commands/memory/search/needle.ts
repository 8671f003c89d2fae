/** Patterns that `search` looks for. */
import type { ByteOrder } from "../../../../base/bytes.ts";
import { valueBytes } from "../../../../model/object.ts";

/** A pattern to look for in memory. */
export interface Needle {
  /** The user's text, printed after the found value; only for symbols and expressions. */
  readonly label: string | undefined;
  /** Length of a match in bytes. */
  readonly length: number;
  /** Whether a match can extend over two pages. */
  readonly crosses: boolean;
  /** Returns the offset of the first match at or after `from`; -1 if there is none. Called for every page of memory. */
  find(bytes: Uint8Array, from: number): number;
}

/** Matches text at any address. */
export function textNeedle(text: string): Needle {
  const wanted = Buffer.from(text, "utf8");
  return {
    label: undefined,
    length: wanted.length,
    crosses: true,
    find: (bytes, from) => asBuffer(bytes).indexOf(wanted, from),
  };
}

const asBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

export interface NumberShape {
  /** Size in bytes. */
  readonly size: 2 | 4 | 8;
  /** Bits that are not compared. */
  readonly mask: bigint;
  readonly byteOrder: ByteOrder;
}

/** Matches a number at an address that is a multiple of its size. */
export function numberNeedle(value: bigint, label: string | undefined, shape: NumberShape): Needle {
  const { size, mask, byteOrder } = shape;
  const type = { kind: "int", name: "", size, signed: false, encoding: "int" } as const;
  const bytesOf = (number: bigint): Uint8Array => valueBytes(type, number, byteOrder);
  const find =
    mask === 0n ? exactly(Buffer.from(bytesOf(value)), size) : masked(bytesOf(value | mask), bytesOf(mask), size);
  return { label, length: size, crosses: false, find };
}

/**
 * Number of bytes of a pattern that are searched natively; the rest is compared here. From 8 bytes on, Node's
 * Buffer.indexOf uses a search for long patterns, which takes five times as long over a megabyte.
 */
const QUICK_BYTES = 7;
/** Number of bytes that a part of a kernel address needs to be rare: its upper half is the same in most addresses. */
const RARE_BYTES = 5;

/**
 * Searches with native functions. The search for bytes takes 35 µs a MiB, but 150 times as long where memory is full of
 * the first byte, as a zero page is of zeros. It therefore looks for the part of the pattern that follows such bytes. A
 * pattern without a long enough part is compared word by word, in 220 µs a MiB.
 */
function exactly(wanted: Buffer, size: 2 | 4 | 8): Needle["find"] {
  const skipped = wanted.findIndex((byte) => byte !== 0 && byte !== 0xff);
  if (size < 8 || skipped < 0 || size - skipped < RARE_BYTES) return byWord(wanted, size);
  const quick = wanted.subarray(skipped, skipped + QUICK_BYTES);
  return (bytes, from) => {
    const buffer = asBuffer(bytes);
    for (let at = from + skipped; ; at++) {
      at = buffer.indexOf(quick, at);
      if (at < 0) return -1;
      const start = at - skipped;
      if (start % size === 0 && wanted.equals(buffer.subarray(start, start + size))) return start;
    }
  };
}

/** Compares whole words. Both sides are read in the host's byte order, whatever it is. */
function byWord(wanted: Uint8Array, size: 2 | 4 | 8): Needle["find"] {
  const find = (words: WordArray, first: number): number => {
    const index =
      words instanceof BigUint64Array
        ? words.indexOf(value as bigint, first)
        : (words as Uint32Array).indexOf(value as number, first);
    return index < 0 ? -1 : index * size;
  };
  const value = wordsOf(wanted, size)[0] ?? 0;
  return (bytes, from) => find(wordsOf(bytes, size), Math.ceil(from / size));
}

type WordArray = Uint16Array | Uint32Array | BigUint64Array;
const WORD_ARRAYS = { 2: Uint16Array, 4: Uint32Array, 8: BigUint64Array } as const;

/** Returns the whole words of `bytes`; a copy if they are not aligned in their buffer. */
function wordsOf<Size extends 2 | 4 | 8>(bytes: Uint8Array, size: Size): InstanceType<(typeof WORD_ARRAYS)[Size]> {
  const aligned = bytes.byteOffset % size === 0 ? bytes : new Uint8Array(bytes);
  const words = new WORD_ARRAYS[size](
    aligned.buffer as ArrayBuffer,
    aligned.byteOffset,
    Math.floor(bytes.length / size),
  );
  return words as InstanceType<(typeof WORD_ARRAYS)[Size]>;
}

/**
 * Compares `memory | mask` with `wanted`, which is `value | mask`; both are in the target's byte order, so that whole
 * words of the host can be compared whatever its byte order is.
 */
function masked(wanted: Uint8Array, mask: Uint8Array, size: 2 | 4 | 8): Needle["find"] {
  const unit = size === 2 ? 2 : 4;
  const [wantedWords, ignored] = [wordsOf(wanted, unit), wordsOf(mask, unit)];
  const [first = 0, second = 0] = wantedWords;
  const [firstMask = 0, secondMask = 0] = ignored;
  const step = size / unit;
  return (bytes, from) => {
    const memory = wordsOf(bytes, unit);
    for (let i = Math.ceil(from / size) * step; i + step <= memory.length; i += step) {
      if (((memory[i] ?? 0) | firstMask) >>> 0 !== first) continue;
      if (step === 1 || ((memory[i + 1] ?? 0) | secondMask) >>> 0 === second) return i * unit;
    }
    return -1;
  };
}
