import { type Chunk, damaged, Lzma, POSITION_ALIGNMENT } from "./lzma.ts";

/**
 * LZMA2 as xz files hold it, chunk by chunk. The facts are those of "LZMA specification" (I. Pavlov, public domain) and
 * of "The .xz File Format", 5.3.1.
 */

/** A chunk unpacks to no more. */
const MAX_CHUNK = 1 << 21;

/** How many bytes follow the first byte of a chunk in its header. @param control its first byte, not zero */
export const headRest = (control: number): number => (control < 0x80 ? 2 : control < 0xc0 ? 4 : 5);

/** A chunk by its first byte and by the `headRest` bytes behind it. */
export function chunkOf(control: number, head: Uint8Array): Chunk {
  const word = (at: number): number => ((head[at] ?? 0) << 8) | (head[at + 1] ?? 0);
  if (control < 0x80) return { control, properties: 0, packed: word(0) + 1, unpacked: word(0) + 1 };
  return {
    control,
    properties: head[4] ?? 0,
    packed: word(2) + 1,
    unpacked: ((control & 0x1f) << 16) + word(0) + 1,
  };
}

/**
 * How large a window has to be, in bytes. What it has besides the dictionary is filled before the dictionary is moved
 * to its beginning, so that a byte is moved four times at most.
 * @param dictionary its size in bytes @param unpacked what the data unpack to, where that is known
 */
export const windowSize = (dictionary: number, unpacked = Infinity): number =>
  Math.min(unpacked, dictionary + Math.max(2 * MAX_CHUNK, dictionary >> 2) + POSITION_ALIGNMENT);

/** Unpacks LZMA2 into a window. What was unpacked before lies in front of it, as much of it as the dictionary holds. */
export class Lzma2 {
  private window: Uint8Array = new Uint8Array(0);
  private dictionary = 0;
  private readonly lzma = new Lzma();

  /**
   * Begins with new data.
   * @param window where they are unpacked: all of them, or of `windowSize`
   * @param dictionary how many bytes of what was unpacked are kept
   */
  begin(window: Uint8Array, dictionary: number): void {
    this.window = window;
    this.dictionary = dictionary;
    this.lzma.begin(window);
  }

  /** @returns what the chunk unpacks to, a part of the window that the next chunk may overwrite @throws Fault */
  unpack(chunk: Chunk, bytes: Uint8Array): Uint8Array {
    const { lzma, window } = this;
    if (chunk.unpacked > window.length - lzma.done) {
      const moved = Math.max(0, lzma.done - this.dictionary);
      lzma.forget(moved - (moved % POSITION_ALIGNMENT));
      if (chunk.unpacked > window.length - lzma.done) throw damaged("they are more than the file says");
    }
    const from = lzma.done;
    lzma.chunk(bytes, chunk);
    return window.subarray(from, lzma.done);
  }
}
