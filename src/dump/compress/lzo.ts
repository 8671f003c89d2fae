import { undecodable, type Compressor } from "./compressor.ts";

/** makedumpfile -l: LZO1X, as the kernel's Documentation/staging/lzo.rst describes it (bitstream version 0). */
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
 * The number of bytes written, or BROKEN when the stream reaches outside its input, its output or what it has
 * written before. Every step consumes input, so that it ends.
 *
 * An instruction is a copy from what was written before, then `state` literals; a `state` of 4 stands for a long
 * run of literals and, like 1-3, gives the next instruction below 16 another meaning.
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
      const far = op < 32;
      length = 2 + (far ? longLength(op & 7, 7) : longLength(op & 31, 31));
      const operand = (input[at] ?? 0) | ((input[at + 1] ?? 0) << 8);
      at += 2;
      distance = far ? 16384 + ((op & 8) << 11) + (operand >> 2) : (operand >> 2) + 1;
      state = operand & 3;
      if (distance === 16384 && far) return length === 3 && at === input.length ? written : BROKEN;
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
    // The copy may run into what it writes: that repeats a pattern.
    else for (let i = written; i < written + length; i++) output[i] = output[i - distance] ?? 0;
    written += length;
    if (!literals(state)) return BROKEN;
  }

  /** A length that did not fit its bits goes on in bytes of 255 (written as 0) and a last one. */
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
