/** Compression formats of whole files, recognized by their first bytes. */
export type Packing = "gzip" | "xz" | "zstd" | "bzip2" | "lz4";

/** The program that unpacks each format; `-c` makes it write to standard output. */
export const UNPACK_TOOLS: Readonly<Record<Packing, string>> = {
  gzip: "gunzip",
  xz: "unxz",
  zstd: "unzstd",
  bzip2: "bunzip2",
  lz4: "unlz4",
};

/**
 * Magic numbers in hexadecimal. Sources: RFC 1952, 2.3.1; "The .xz File Format", 2.1.1.1; RFC 8878, 3.1.1; bzip2's
 * header; "LZ4 Frame Format Description", "Magic Number".
 */
const MAGIC: Readonly<Record<Packing, string>> = {
  gzip: "1f8b",
  xz: "fd377a585a00",
  zstd: "28b52ffd",
  bzip2: "425a68",
  lz4: "04224d18",
};

/** Length of the longest magic number in bytes. */
const MAGIC_BYTES = 6;

/** Recognizes the compression format by content; undefined if there is none. @param head the first six or more bytes */
export function packingOf(head: Uint8Array): Packing | undefined {
  const text = Buffer.from(head.subarray(0, MAGIC_BYTES)).toString("hex");
  return (Object.keys(MAGIC) as Packing[]).find((packing) => text.startsWith(MAGIC[packing]));
}
