/** Decompresses zlib pages (makedumpfile -c, RFC 1950). */
import { inflateSync } from "node:zlib";
import { decodeWith, onePage, type Compressor } from "./compressor.ts";

export const zlib: Compressor = {
  flag: 0x01,
  name: "zlib",
  decompress: (bytes, pageSize) => decodeWith(() => inflateSync(bytes, onePage(pageSize)), pageSize),
};
