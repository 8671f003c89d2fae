import * as nodeZlib from "node:zlib";
import { decodeWith, onePage, undecodable, type Compressor } from "./compressor.ts";

/** A page's frame needs no larger window; a lying one must not get it. */
const WINDOW_LOG_MAX = 20;

/** Absent before Node 22.15 and 23.8, where naming it in an import would keep the whole program from starting. */
const { zstdDecompressSync } = nodeZlib as Partial<Pick<typeof nodeZlib, "zstdDecompressSync">>;

/** makedumpfile -z, RFC 8878. */
export const zstd: Compressor = {
  flag: 0x20,
  name: "zstd",
  decompress(bytes, pageSize) {
    if (!zstdDecompressSync) return undecodable(`Node ${process.versions.node} has no zstd: 22.15 and later have it`);
    const params = { [nodeZlib.constants.ZSTD_d_windowLogMax]: WINDOW_LOG_MAX };
    return decodeWith(() => zstdDecompressSync(bytes, { ...onePage(pageSize), params }), pageSize);
  },
};
