/** Decompresses Snappy pages (makedumpfile -p). */
import { snappyUncompressor } from "hysnappy";
import { decodeWith, undecodable, type Compressor } from "./compressor.ts";

type Uncompress = ReturnType<typeof snappyUncompressor>;

/**
 * Created for the first Snappy page, because most dumps have none and compiling the WebAssembly takes a millisecond.
 */
let uncompress: Uncompress | undefined;

/** Raw Snappy (google/snappy, format_description.txt), without the framing format. */
export const snappy: Compressor = {
  flag: 0x04,
  name: "snappy",
  decompress(bytes, pageSize) {
    // hysnappy writes the number of bytes that the stream's header declares into memory of the size given to it.
    const length = declaredLength(bytes);
    if (length !== pageSize)
      return undecodable(
        length === undefined ? "has no valid length" : `declares ${length} bytes instead of ${pageSize}`,
      );
    const page = decodeWith(() => (uncompress ??= snappyUncompressor())(bytes, pageSize), pageSize);
    // After a trap the module's stack pointer is wrong, so that the next page needs a new instance.
    if (!(page instanceof Uint8Array)) uncompress = undefined;
    return page;
  },
};

/**
 * Reads the varint at the start of a Snappy stream, which is the uncompressed length in bytes; undefined if it does not
 * end within five bytes.
 */
export function declaredLength(bytes: Uint8Array): number | undefined {
  let length = 0;
  for (let i = 0; i < 5; i++) {
    const byte = bytes[i];
    if (byte === undefined) return undefined;
    length += (byte & 0x7f) * 2 ** (7 * i);
    if (byte < 0x80) return length;
  }
  return undefined;
}
