import { type Chunk, damaged, Lzma, POSITION_ALIGNMENT } from "./lzma.ts";

/**
 * LZMA2 as xz files hold it, unpacked in one piece: what was unpacked so far is the dictionary. The facts are those of
 * "LZMA specification" (I. Pavlov, public domain) and of "The .xz File Format", 5.3.1.
 */

/** A chunk unpacks to no more. */
const MAX_CHUNK = 1 << 21;
/** Lengths of a chunk by its first bytes; undefined for the end of the data. */
function chunkAt(input: Uint8Array, at: number): Chunk | undefined {
  const control = input[at];
  if (control === undefined) throw damaged("they end early");
  if (control === 0) return undefined;
  const word = (from: number): number => ((input[at + from] ?? 0) << 8) | (input[at + from + 1] ?? 0);
  if (control < 0x80) return { control, header: 3, packed: word(1) + 1, unpacked: word(1) + 1 };
  const header = control >= 0xc0 ? 6 : 5;
  return { control, header, packed: word(3) + 1, unpacked: ((control & 0x1f) << 16) + word(1) + 1 };
}

/** The first bytes of any chunk tell how long it is, if it is not the end of the data, of one byte. */
export const CHUNK_HEAD = 5;

/** How many bytes a chunk has, its header among them. @param head its first bytes @throws Fault */
export function chunkLength(head: Uint8Array): number {
  const chunk = chunkAt(head, 0);
  return chunk ? chunk.header + chunk.packed : 1;
}

/**
 * Unpacks LZMA2 from `at` on into all of `output`; yields after each chunk, of at most 2 MiB.
 * @returns where the data end
 * @throws Fault when they are damaged, or unpack to more or less
 */
export function* unpackLzma2(input: Uint8Array, at: number, output: Uint8Array): Generator<void, number> {
  const lzma = new Lzma(output);
  for (let chunk = chunkAt(input, at); chunk; chunk = chunkAt(input, at)) {
    lzma.chunk(input, at, chunk);
    at += chunk.header + chunk.packed;
    yield;
  }
  if (lzma.done !== output.length) throw damaged("they are less than the file says");
  return at + 1;
}

/** Unpacks LZMA2 of any length chunk by chunk: no more than the dictionary is kept of what was unpacked. */
export class Lzma2Stream {
  private readonly window: Uint8Array;
  private readonly dictionary: number;
  private readonly lzma: Lzma;

  /** @param dictionary its size in bytes */
  constructor(dictionary: number) {
    this.dictionary = dictionary;
    this.window = new Uint8Array(2 * Math.max(dictionary, MAX_CHUNK) + POSITION_ALIGNMENT);
    this.lzma = new Lzma(this.window);
  }

  /** @returns what the chunk unpacks to, to be read before the next one @throws Fault */
  unpack(bytes: Uint8Array): Uint8Array {
    const chunk = chunkAt(bytes, 0);
    if (!chunk) return new Uint8Array(0);
    const { lzma } = this;
    if (chunk.unpacked > this.window.length - lzma.done) {
      const moved = Math.max(0, lzma.done - this.dictionary);
      lzma.forget(moved - (moved % POSITION_ALIGNMENT));
    }
    const from = lzma.done;
    lzma.chunk(bytes, 0, chunk);
    return this.window.subarray(from, lzma.done);
  }
}
