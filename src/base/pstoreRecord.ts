/** Reads the records of pstore: the log that a kernel saved when it crashed. */
import { inflateRawSync, inflateSync } from "node:zlib";

/** Head of a record: the reason of the dump, its number since boot, and the part (fs/pstore/platform.c, pstore_dump). */
export const RECORD_HEAD = /^[A-Z][A-Za-z ]{0,30}#(\d{1,9}) Part(\d{1,9})\n/;
/** The header of ramoops before a record: `====seconds.fraction-C` (C: compressed; fs/pstore/ram.c). */
const RAMOOPS = /^====\d{1,20}(?:\.\d{1,9})?(?:-[CD])?\n/;
/** Maximum size of an unpacked record in bytes: kmsg_bytes is 10,240 by default. */
const MAX_RECORD = 16 << 20;

/** Returns the record behind the header of ramoops; undefined if the bytes do not begin with one. */
export function behindRamoopsHeader(bytes: Buffer): Buffer | undefined {
  const [header] = RAMOOPS.exec(bytes.toString("latin1", 0, 64)) ?? [];
  return header === undefined ? undefined : bytes.subarray(header.length);
}

/**
 * Unpacks a compressed record; undefined if it is not compressed with deflate, the compression of pstore since kernel
 * commit 438b805003aa ("pstore: Replace crypto API compression with zlib_deflate library calls") (in v6.6), and before
 * an option of it. Bytes behind the compressed data are ignored.
 */
export function unpackedRecord(record: Buffer): Buffer | undefined {
  for (const inflate of [inflateRawSync, inflateSync]) {
    const text = attemptZlib(() => inflate(record, { maxOutputLength: MAX_RECORD }));
    if (text && RECORD_HEAD.test(text.toString("latin1", 0, 100))) return text;
  }
  return undefined;
}

/** Returns undefined if zlib refuses the data. */
function attemptZlib(unpack: () => Buffer): Buffer | undefined {
  try {
    return unpack();
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    if (code.startsWith("Z_") || code === "ERR_BUFFER_TOO_LARGE") return undefined;
    throw error;
  }
}
