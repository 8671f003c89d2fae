/** Decompresses the run-length encoding of LKCD. */
import type { Fault } from "../../base/fault.ts";
import { undecodable } from "./compressor.ts";

/**
 * Returns a page. A zero byte is followed by a count: 0 for a single zero, else the number of times that the byte after
 * it is repeated. All other bytes stand for themselves.
 */
export function runLength(bytes: Uint8Array, pageSize: number): Uint8Array | Fault {
  const page = new Uint8Array(pageSize);
  let written = 0;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0;
    let [value, count] = [byte, 1];
    if (byte === 0) {
      const repeats = bytes[++at];
      if (repeats === undefined) return undecodable("RLE stream is broken");
      if (repeats > 0) {
        const repeated = bytes[++at];
        if (repeated === undefined) return undecodable("RLE stream is broken");
        [value, count] = [repeated, repeats];
      }
    }
    if (written + count > pageSize) return undecodable(`gives more than ${pageSize} bytes`);
    page.fill(value, written, written + count);
    written += count;
  }
  return written === pageSize ? page : undecodable(`gives ${written} bytes instead of ${pageSize}`);
}
