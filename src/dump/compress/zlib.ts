import { inflateSync } from "node:zlib";
import { decodeWith, onePage, type Compressor } from "./compressor.ts";

/** makedumpfile -c, RFC 1950. */
export const zlib: Compressor = {
  flag: 0x01,
  name: "zlib",
  decompress: (bytes, pageSize) => decodeWith(() => inflateSync(bytes, onePage(pageSize)), pageSize),
};
