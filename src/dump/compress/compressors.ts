/** Selects the decompressor of a page. */
import type { Fault } from "../../base/fault.ts";
import { undecodable, type Compressor } from "./compressor.ts";
import { lzo } from "./lzo.ts";
import { snappy } from "./snappy.ts";
import { zlib } from "./zlib.ts";
import { zstd } from "./zstd.ts";

/** All compression methods. To add one, write its file and list it here. */
export const compressors: readonly Compressor[] = [zlib, lzo, snappy, zstd];

/** Returns the page stored as `bytes` with these descriptor flags; `bytes` itself when no flag is set. */
export function decompressPage(bytes: Uint8Array, flags: number, pageSize: number): Uint8Array | Fault {
  const compressor = compressors.find((one) => one.flag === flags);
  if (compressor) return compressor.decompress(bytes, pageSize);
  if (flags !== 0) return undecodable(`unknown compression flags 0x${flags.toString(16)}`);
  return bytes.length === pageSize ? bytes : undecodable(`stored as ${bytes.length} bytes instead of ${pageSize}`);
}
