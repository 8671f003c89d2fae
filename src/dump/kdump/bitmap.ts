/** The page bitmaps of kdump-compressed files. */
import { Fault } from "../../base/fault.ts";
import { type RandomFile, readBytes } from "../../base/file.ts";
import { Lru } from "../../base/lru.ts";

/**
 * A bitmap with one bit per page, lowest bit of each byte first. Regions of the file are read and counted when needed.
 */
export interface Bitmap {
  has(bit: number): boolean;
  /** Returns the number of set bits before `bit`. */
  rank(bit: number): number;
  /** Returns the first set bit at or after `bit`; -1 if there is none. */
  next(bit: number): number;
}

/** Size of a region in bytes: 2 GiB of 4 KiB pages. */
const REGION = 1 << 16;
const REGION_BITS = REGION * 8;
/** Number of 32-bit words counted as a group, so that a rank sums at most that many. */
const GROUP_WORDS = 16;
const GROUP_BITS = GROUP_WORDS * 32;
/** Number of cached regions: 16 MiB of bitmap for half a terabyte. */
const KEPT = 256;

interface Region {
  readonly bytes: Uint8Array;
  readonly words: Uint32Array;
  /** Set bits of the region before each group. */
  readonly ranks: Uint32Array;
}

/** Reads a bitmap of `bits` bits at `offset` of the file. Bits beyond the end of the file are clear. */
export function bitmap(file: RandomFile, offset: number, bits: number): Bitmap {
  const regions = new Lru<number, Region>(KEPT);
  /** Set bits before each region, computed up to the highest region used so far. */
  const starts = [0];
  let lastIndex = -1;
  let last: Region | undefined;

  function region(index: number): Region {
    if (index === lastIndex && last) return last;
    let found = regions.get(index);
    if (!found) {
      found = counted(words(index));
      regions.set(index, found);
    }
    lastIndex = index;
    last = found;
    return found;
  }

  const words = (index: number): Uint32Array => regionWords(file, offset, bits, index);

  function startOf(index: number): number {
    for (let i = starts.length; i <= index; i++) {
      starts.push((starts[i - 1] ?? 0) + population(words(i - 1), 0, REGION / 4));
    }
    return starts[index] ?? 0;
  }

  return {
    has(bit) {
      if (!(bit >= 0 && bit < bits)) return false;
      const within = bit % REGION_BITS;
      return ((region(Math.floor(bit / REGION_BITS)).bytes[within >>> 3] ?? 0) & (1 << (within & 7))) !== 0;
    },
    rank(bit) {
      const index = Math.floor(bit / REGION_BITS);
      const within = bit % REGION_BITS;
      const before = startOf(index);
      if (within === 0) return before;
      const { words, bytes, ranks } = region(index);
      const group = Math.floor(within / GROUP_BITS);
      let rank = before + (ranks[group] ?? 0) + population(words, group * GROUP_WORDS, within >>> 5);
      // Whole words first; the last word byte by byte, because bits are ordered by byte whatever the byte order of the
      // host.
      for (let byte = (within >>> 5) * 4; byte < within >>> 3; byte++) rank += ones(bytes[byte] ?? 0);
      return rank + ones((bytes[within >>> 3] ?? 0) & ((1 << (within & 7)) - 1));
    },
    next(bit) {
      for (let at = Math.max(0, bit); at < bits;) {
        const index = Math.floor(at / REGION_BITS);
        const found = firstSet(region(index), at % REGION_BITS);
        if (found >= 0) return index * REGION_BITS + found;
        at = (index + 1) * REGION_BITS;
      }
      return -1;
    },
  };
}

/** Reads a region of a bitmap of `bits` bits at `offset` of the file. */
function regionWords(file: RandomFile, offset: number, bits: number, index: number): Uint32Array {
  const bytes = new Uint8Array(REGION);
  const length = Math.min(REGION, Math.ceil(bits / 8) - index * REGION);
  const read = readBytes(file, offset + index * REGION, length);
  if (!(read instanceof Fault)) bytes.set(read);
  // Clear the padding bits after the last page.
  if (index === Math.floor(bits / REGION_BITS) && bits % 8 > 0) {
    const byte = Math.floor(bits / 8) % REGION;
    bytes[byte] = (bytes[byte] ?? 0) & ((1 << (bits % 8)) - 1);
  }
  return new Uint32Array(bytes.buffer);
}

function counted(words: Uint32Array): Region {
  const ranks = new Uint32Array(REGION_BITS / GROUP_BITS);
  let rank = 0;
  for (let group = 0; group < ranks.length; group++) {
    ranks[group] = rank;
    rank += population(words, group * GROUP_WORDS, (group + 1) * GROUP_WORDS);
  }
  return { words, bytes: new Uint8Array(words.buffer), ranks };
}

function firstSet({ bytes, words }: Region, from: number): number {
  for (let byte = from >>> 3; byte < REGION; byte++) {
    const value = byte === from >>> 3 ? (bytes[byte] ?? 0) & (0xff << (from & 7)) : (bytes[byte] ?? 0);
    if (value !== 0) return byte * 8 + (31 - Math.clz32(value & -value));
    // Skip empty words in strides.
    if ((byte & 3) === 3) {
      let word = (byte + 1) >>> 2;
      while (word < words.length && words[word] === 0) word++;
      byte = word * 4 - 1;
    }
  }
  return -1;
}

function population(words: Uint32Array, from: number, to: number): number {
  let sum = 0;
  for (let i = from; i < to; i++) {
    const word = words[i] ?? 0;
    if (word !== 0) sum += ones(word);
  }
  return sum;
}

/** Counts the set bits of a 32-bit number by summing pairs, nibbles and bytes in parallel. */
function ones(word: number): number {
  let sum = word - ((word >>> 1) & 0x55555555);
  sum = (sum & 0x33333333) + ((sum >>> 2) & 0x33333333);
  return Math.imul((sum + (sum >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
