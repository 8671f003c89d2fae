/**
 * Unpacks LZMA2 as xz files contain it, chunk by chunk. Sources: "LZMA specification" (I. Pavlov, public domain); "The
 * .xz File Format", 5.3.1.
 */
import { type Chunk, damaged, Lzma, POSITION_ALIGNMENT } from "./lzma.ts";

/** Maximum unpacked size of a chunk in bytes. */
const MAX_CHUNK = 1 << 21;

/**
 * Returns the number of bytes that follow the first byte in the header of a chunk. @param control the first byte, not
 * zero
 */
export const headRest = (control: number): number => (control < 0x80 ? 2 : control < 0xc0 ? 4 : 5);

/** Parses the header of a chunk: its first byte and the `headRest` bytes after it. */
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
 * Returns the size of the window in bytes. The window is larger than the dictionary: the extra space fills up before
 * the dictionary is moved to the start, so that a byte is moved at most four times.
 * @param dictionary its size in bytes
 * @param unpacked the unpacked size in bytes, if known
 */
export const windowSize = (dictionary: number, unpacked = Infinity): number =>
  Math.min(unpacked, dictionary + Math.max(2 * MAX_CHUNK, dictionary >> 2) + POSITION_ALIGNMENT);

/** Unpacks LZMA2 into a window. The bytes before the output are the dictionary. */
export class Lzma2 {
  private window: Uint8Array = new Uint8Array(0);
  private dictionary = 0;
  private readonly lzma = new Lzma();

  /**
   * Begins to unpack new data.
   * @param window the output buffer, either for all unpacked data or of `windowSize` bytes
   * @param dictionary number of unpacked bytes to keep
   */
  begin(window: Uint8Array, dictionary: number): void {
    this.window = window;
    this.dictionary = dictionary;
    this.lzma.begin(window);
  }

  /**
   * Unpacks one chunk.
   * @returns the unpacked bytes, a part of the window that the next chunk may overwrite
   * @throws Fault corrupt
   */
  unpack(chunk: Chunk, bytes: Uint8Array): Uint8Array {
    const { lzma, window } = this;
    if (chunk.unpacked > window.length - lzma.done) {
      const moved = Math.max(0, lzma.done - this.dictionary);
      lzma.forget(moved - (moved % POSITION_ALIGNMENT));
      if (chunk.unpacked > window.length - lzma.done) throw damaged("they unpack to more bytes than the file states");
    }
    const from = lzma.done;
    lzma.chunk(bytes, chunk);
    return window.subarray(from, lzma.done);
  }
}
