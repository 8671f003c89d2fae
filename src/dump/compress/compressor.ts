/** What a compression method of a kdump-compressed file provides. */
import { Fault } from "../../base/fault.ts";

/**
 * A compression method, selected by one flag of a page descriptor (makedumpfile's diskdump_mod.h,
 * DUMP_DH_COMPRESSED_*).
 */
export interface Compressor {
  readonly flag: number;
  readonly name: string;
  /** Decompresses a page to exactly `pageSize` bytes, or returns why that is not possible. */
  decompress(bytes: Uint8Array, pageSize: number): Uint8Array | Fault;
}

export const undecodable = (why: string): Fault => Fault.of("corrupt", why);

/** Runs a library's decoder. Any exception of it means that the input is damaged. */
export function decodeWith(decode: () => Uint8Array, pageSize: number): Uint8Array | Fault {
  try {
    const { buffer, byteOffset, length } = decode();
    // A plain Uint8Array even if it is a Buffer, because Buffer.slice() does not copy.
    if (length === pageSize) return new Uint8Array(buffer, byteOffset, length);
    return undecodable(`gives ${length} bytes instead of ${pageSize}`);
  } catch (error) {
    return undecodable(error instanceof Error ? error.message : String(error));
  }
}

/**
 * Returns options for node:zlib that limit the output to one page in one piece. One spare byte lets the decoder reach
 * the end of its stream without asking for a second piece.
 */
export const onePage = (pageSize: number): { chunkSize: number; maxOutputLength: number } => ({
  chunkSize: pageSize + 64,
  maxOutputLength: pageSize,
});
