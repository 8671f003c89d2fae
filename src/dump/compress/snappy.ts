import { snappyUncompressor } from "hysnappy";
import { decodeWith, undecodable, type Compressor } from "./compressor.ts";

type Uncompress = ReturnType<typeof snappyUncompressor>;

/** Made when the first page asks: most dumps have no Snappy page, and a WebAssembly module is a millisecond. */
let uncompress: Uncompress | undefined;

/** makedumpfile -p: raw Snappy (google/snappy, format_description.txt), without the framing. */
export const snappy: Compressor = {
  flag: 0x04,
  name: "snappy",
  decompress(bytes, pageSize) {
    // hysnappy writes as many bytes as the stream's own header says, into memory of the size that it is told.
    const length = declaredLength(bytes);
    if (length !== pageSize) return undecodable(`declares ${length ?? "no"} bytes instead of ${pageSize}`);
    const page = decodeWith(() => (uncompress ??= snappyUncompressor())(bytes, pageSize), pageSize);
    // A trap leaves the module's stack pointer where it was: a fresh instance for the next page.
    if (!(page instanceof Uint8Array)) uncompress = undefined;
    return page;
  },
};

/** The varint in front of a Snappy stream. */
function declaredLength(bytes: Uint8Array): number | undefined {
  let length = 0;
  for (let i = 0; i < 5; i++) {
    const byte = bytes[i];
    if (byte === undefined) return undefined;
    length += (byte & 0x7f) * 2 ** (7 * i);
    if (byte < 0x80) return length;
  }
  return undefined;
}
