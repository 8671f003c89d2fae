/** Decompresses LZO1X pages (makedumpfile -l). */
import { undecodable, type Compressor } from "./compressor.ts";

/** LZO1X, bitstream version 0, as described in the kernel's Documentation/staging/lzo.rst. */
export const lzo: Compressor = {
  flag: 0x02,
  name: "lzo",
  decompress(bytes, pageSize) {
    const page = new Uint8Array(pageSize);
    const length = lzo1x(bytes, page);
    if (length === pageSize) return page;
    return undecodable(length < 0 ? "LZO stream is broken" : `gives ${length} bytes instead of ${pageSize}`);
  },
};

const BROKEN = -1;

/**
 * Decompresses a stream. Returns the number of bytes written, or BROKEN when the stream reaches outside its input, its
 * output or the bytes written so far. It terminates because each step consumes input.
 *
 * An instruction copies earlier output, then `state` literals. `state` 4 means that a long run of literals preceded;
 * states 1 to 4 change the meaning of a next instruction below 16.
 */
function lzo1x(input: Uint8Array, output: Uint8Array): number {
  let at = 0;
  let written = 0;
  let state = 0;
  const first = input[0] ?? 0;
  if (first > 17) {
    at = 1;
    const count = first - 17;
    if (!literals(count)) return BROKEN;
    state = Math.min(count, 4);
  }
  for (;;) {
    const op = input[at++];
    if (op === undefined) return BROKEN;
    let length: number;
    let distance: number;
    if (op >= 64) {
      length = op >= 128 ? 5 + ((op >> 5) & 3) : 3 + ((op >> 5) & 1);
      distance = ((input[at++] ?? 0) << 3) + ((op >> 2) & 7) + 1;
      state = op & 3;
    } else if (op >= 16) {
      const isFar = op < 32;
      length = 2 + (isFar ? longLength(op & 7, 7) : longLength(op & 31, 31));
      const operand = (input[at] ?? 0) | ((input[at + 1] ?? 0) << 8);
      at += 2;
      distance = isFar ? 16384 + ((op & 8) << 11) + (operand >> 2) : (operand >> 2) + 1;
      state = operand & 3;
      if (distance === 16384 && isFar) return length === 3 && at === input.length ? written : BROKEN;
    } else if (state === 0) {
      if (!literals(3 + longLength(op, 15))) return BROKEN;
      state = 4;
      continue;
    } else {
      length = state === 4 ? 3 : 2;
      distance = ((input[at++] ?? 0) << 2) + (op >> 2) + (state === 4 ? 2049 : 1);
      state = op & 3;
    }
    if (at > input.length || distance > written || length > output.length - written) return BROKEN;
    if (distance >= length) output.copyWithin(written, written - distance, written - distance + length);
    // Source and destination may overlap: the copy then repeats a pattern.
    else for (let i = written; i < written + length; i++) output[i] = output[i - distance] ?? 0;
    written += length;
    if (!literals(state)) return BROKEN;
  }

  /** Reads the rest of a length that did not fit its bits: bytes of 0 that count 255 each, then a last byte. */
  function longLength(bits: number, most: number): number {
    if (bits > 0) return bits;
    let length = most;
    while (input[at] === 0) {
      length += 255;
      at++;
    }
    return length + (input[at++] ?? 0);
  }

  function literals(count: number): boolean {
    if (count > input.length - at || count > output.length - written) return false;
    output.set(input.subarray(at, at + count), written);
    at += count;
    written += count;
    return true;
  }
}
