import { Fault } from "../../base/fault.ts";

/** A way to store a page, told by one flag of its descriptor (makedumpfile's diskdump_mod.h, DUMP_DH_COMPRESSED_*). */
export interface Compressor {
  readonly flag: number;
  readonly name: string;
  /** Exactly `pageSize` bytes, whatever the input; or why that cannot be. */
  decompress(bytes: Uint8Array, pageSize: number): Uint8Array | Fault;
}

export const undecodable = (why: string): Fault => Fault.of("corrupt", why);

/** Runs somebody else's decoder, whose every exception means that the bytes are not what they should be. */
export function decodeWith(decode: () => Uint8Array, pageSize: number): Uint8Array | Fault {
  try {
    const { buffer, byteOffset, length } = decode();
    // Plain bytes even of a Buffer, whose slice() is no copy.
    if (length === pageSize) return new Uint8Array(buffer, byteOffset, length);
    return undecodable(`gives ${length} bytes instead of ${pageSize}`);
  } catch (error) {
    return undecodable(error instanceof Error ? error.message : String(error));
  }
}

/**
 * Options for node:zlib: output in one piece and not one byte more. The room to spare lets the decoder see the end
 * of its stream without asking for a second piece.
 */
export const onePage = (pageSize: number): { chunkSize: number; maxOutputLength: number } => ({
  chunkSize: pageSize + 64,
  maxOutputLength: pageSize,
});
