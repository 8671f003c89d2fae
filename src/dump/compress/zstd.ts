/** Decompresses zstd pages (makedumpfile -z, RFC 8878). */
import * as nodeZlib from "node:zlib";
import { decodeWith, onePage, undecodable, type Compressor } from "./compressor.ts";

/**
 * Largest window, as a power of two. The frame of a page needs no larger one; a damaged header must not allocate more.
 */
const WINDOW_LOG_MAX = 20;

/** Read from the namespace, because Node before 22.15 and 23.8 lacks it and a named import would stop the program. */
const { zstdDecompressSync } = nodeZlib as Partial<Pick<typeof nodeZlib, "zstdDecompressSync">>;

export const zstd: Compressor = {
  flag: 0x20,
  name: "zstd",
  decompress(bytes, pageSize) {
    if (!zstdDecompressSync)
      return undecodable(`Node ${process.versions.node} cannot decompress zstd: install 22.15 or later`);
    const params = { [nodeZlib.constants.ZSTD_d_windowLogMax]: WINDOW_LOG_MAX };
    return decodeWith(() => zstdDecompressSync(bytes, { ...onePage(pageSize), params }), pageSize);
  },
};
