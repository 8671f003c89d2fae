/** The page bitmaps of kdump-compressed files. */
import { Fault } from "../../base/fault.ts";
import { type RandomFile, readBytes } from "../../base/file.ts";
import { attemptSystem } from "../../base/systemError.ts";
import { Lru } from "../../base/lru.ts";

/**
 * A bitmap with one bit per page, lowest bit of each byte first. It is counted in chunks when needed, each chunk once:
 * the index of 24 TiB of memory takes at most 27 MB, and the blocks that are cached 16 MB.
 */
export interface Bitmap {
  has(bit: number): boolean;
  /** Returns the number of set bits before `bit`. */
  rank(bit: number): number;
  /** Returns the first set bit at or after `bit`; -1 if there is none. */
  next(bit: number): number;
}

/** Size of a block in bytes: 128 MiB of 4 KiB pages. */
const BLOCK = 4096;
const BLOCK_BITS = BLOCK * 8;
const BLOCK_WORDS = BLOCK / 4;
/** Number of 32-bit words counted as a group, so that a rank sums at most that many. */
const GROUP_WORDS = 16;
const GROUP_BITS = GROUP_WORDS * 32;
const GROUPS = BLOCK_BITS / GROUP_BITS;
/** Number of blocks that are read and counted together: 1 MiB. */
const CHUNK_BLOCKS = 256;
const CHUNK_BYTES = CHUNK_BLOCKS * BLOCK;
/** Number of cached blocks: 16 MiB of bitmap for half a terabyte. */
const KEPT = 4096;

interface Block {
  readonly bytes: Uint8Array;
  readonly words: Uint32Array;
}

/** Set bits of each block before each of its groups, for the blocks of a chunk. */
type GroupRanks = Uint16Array;

/** The chunk that is being counted; counting does not pause. */
const scratch = new Uint8Array(CHUNK_BYTES);
const ZEROS = Buffer.alloc(CHUNK_BYTES);
const NO_BITS: GroupRanks = new Uint16Array(CHUNK_BLOCKS * GROUPS);

/** Reads a bitmap of `bits` bits at `offset` of the file. Bits beyond the end of the file are clear. */
export function bitmap(file: RandomFile, offset: number, bits: number): Bitmap {
  const blocks = new Lru<number, Block>(KEPT);
  /** Set bits before each block, up to the end of the chunks that were counted. */
  const starts = [0];
  const groupRanks: GroupRanks[] = [];
  let lastIndex = -1;
  let last: Block | undefined;

  const blockOf = (index: number): Block => {
    if (index === lastIndex && last) return last;
    let found = blocks.get(index);
    if (!found) {
      const bytes = new Uint8Array(BLOCK);
      fillFrom(file, offset, bits, index * BLOCK, bytes);
      found = { bytes, words: new Uint32Array(bytes.buffer) };
      blocks.set(index, found);
    }
    lastIndex = index;
    last = found;
    return found;
  };

  /** Counts all chunks up to the one of a block. */
  const countTo = (index: number): void => {
    const chunk = Math.floor(index / CHUNK_BLOCKS);
    while (groupRanks.length <= chunk) {
      fillFrom(file, offset, bits, groupRanks.length * CHUNK_BYTES, scratch);
      groupRanks.push(counted(scratch, starts));
    }
  };

  return {
    has(bit) {
      if (!(bit >= 0 && bit < bits)) return false;
      const within = bit % BLOCK_BITS;
      return ((blockOf(Math.floor(bit / BLOCK_BITS)).bytes[within >>> 3] ?? 0) & (1 << (within & 7))) !== 0;
    },
    rank(bit) {
      const index = Math.floor(bit / BLOCK_BITS);
      const within = bit % BLOCK_BITS;
      countTo(index);
      const before = starts[index] ?? 0;
      // Empty blocks are not read.
      if (within === 0 || starts[index + 1] === before) return before;
      const { words, bytes } = blockOf(index);
      const group = Math.floor(within / GROUP_BITS);
      const ranks = groupRanks[Math.floor(index / CHUNK_BLOCKS)] ?? NO_BITS;
      const inBlock = ranks[(index % CHUNK_BLOCKS) * GROUPS + group] ?? 0;
      let rank = before + inBlock + population(words, group * GROUP_WORDS, within >>> 5);
      // Whole words first; the last word byte by byte, because bits are ordered by byte whatever the byte order of the
      // host.
      for (let byte = (within >>> 5) * 4; byte < within >>> 3; byte++) rank += ones(bytes[byte] ?? 0);
      return rank + ones((bytes[within >>> 3] ?? 0) & ((1 << (within & 7)) - 1));
    },
    next(bit) {
      for (let at = Math.max(0, bit); at < bits;) {
        const index = Math.floor(at / BLOCK_BITS);
        countTo(index);
        const found = starts[index + 1] === starts[index] ? -1 : firstSet(blockOf(index), at % BLOCK_BITS);
        if (found >= 0) return index * BLOCK_BITS + found;
        at = (index + 1) * BLOCK_BITS;
      }
      return -1;
    },
  };
}

/**
 * Reads a bitmap of `bits` bits at `offset` of the file from its byte `first` on. What exceeds the bitmap or the file is
 * zero.
 */
function fillFrom(file: RandomFile, offset: number, bits: number, first: number, target: Uint8Array): void {
  const size = Math.ceil(bits / 8);
  const wanted = Math.max(0, Math.min(target.length, size - first));
  const read = attemptRead(file, offset + first, target.subarray(0, wanted));
  target.fill(0, read);
  // Clear the padding bits after the last page.
  const last = size - 1 - first;
  if (bits % 8 > 0 && last >= 0 && last < target.length) target[last] = (target[last] ?? 0) & ((1 << (bits % 8)) - 1);
}

/** Fills `target` from the file. @returns the number of bytes; 0 if the disk fails */
function attemptRead(file: RandomFile, offset: number, target: Uint8Array): number {
  if (file.readInto) return attemptSystem(() => file.readInto?.(target, offset)) ?? 0;
  const bytes = readBytes(file, offset, target.length);
  if (bytes instanceof Fault) return 0;
  target.set(bytes);
  return bytes.length;
}

/** Counts the bits of a chunk. @param starts receives the set bits before the block after each block */
function counted(chunk: Uint8Array, starts: number[]): GroupRanks {
  let start = starts.at(-1) ?? 0;
  if (ZEROS.equals(chunk)) {
    for (let block = 0; block < CHUNK_BLOCKS; block++) starts.push(start);
    return NO_BITS;
  }
  const words = new Uint32Array(chunk.buffer);
  const ranks = new Uint16Array(CHUNK_BLOCKS * GROUPS);
  for (let block = 0; block < CHUNK_BLOCKS; block++) {
    let rank = 0;
    for (let group = 0; group < GROUPS; group++) {
      ranks[block * GROUPS + group] = rank;
      const from = block * BLOCK_WORDS + group * GROUP_WORDS;
      rank += population(words, from, from + GROUP_WORDS);
    }
    start += rank;
    starts.push(start);
  }
  return ranks;
}

function firstSet({ bytes, words }: Block, from: number): number {
  for (let byte = from >>> 3; byte < BLOCK; byte++) {
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
