/** Contents of sections, decompressed. */
import { constants, inflateSync, zstdDecompressSync } from "node:zlib";
import type { ByteOrder } from "../base/bytes.ts";
import { viewOf } from "../base/bytes.ts";
import { Fault } from "../base/fault.ts";
import { type RandomFile, bytesFile, sliceFile } from "../base/file.ts";

const SHF_COMPRESSED = 0x800;
const ELFCOMPRESS_ZLIB = 1;
const ELFCOMPRESS_ZSTD = 2;

/** Maximum size of a decompressed section in bytes: four times the .debug_info of a distribution kernel. */
const MAX_DECOMPRESSED = 1 << 30;

/** Maximum expansion of a zlib stream. zstd has no such bound and is limited by the size in the header. */
const ZLIB_MAX_RATIO = 1032;

interface SectionRange {
  readonly name: string;
  readonly flags: number;
  readonly offset: number;
  readonly size: number;
}

/**
 * Returns a section's bytes: a range of the file, or its decompressed contents (gABI `SHF_COMPRESSED`, or GNU's older
 * `.zdebug_*` sections), decompressed at the first read. @throws Fault corrupt or truncated when the compression header
 * is invalid; reads throw it when the stream is damaged
 */
export function sectionContents(
  file: RandomFile,
  section: SectionRange,
  { byteOrder, wordSize }: { readonly byteOrder: ByteOrder; readonly wordSize: 4 | 8 },
): RandomFile {
  const stored = { ...sliceFile(file, section.offset, section.size), name: `${file.name} ${section.name}` };
  if (section.flags & SHF_COMPRESSED) return chdrContents(stored, byteOrder === "little", wordSize === 8);
  if (section.name.startsWith(".zdebug_")) return zdebugContents(stored);
  return stored;
}

/** Unpacks a section that begins with Elf32_Chdr or Elf64_Chdr, followed by the stream. */
function chdrContents(stored: RandomFile, little: boolean, wide: boolean): RandomFile {
  const header = stored.read(0, wide ? 24 : 12);
  if (header.length < (wide ? 24 : 12)) throw Fault.of("truncated", `${stored.name}: ends in its compression header`);
  const view = viewOf(header);
  const type = view.getUint32(0, little);
  if (type !== ELFCOMPRESS_ZLIB && type !== ELFCOMPRESS_ZSTD) {
    throw Fault.of("corrupt", `${stored.name}: compression type ${type} is not known`);
  }
  const size = wide ? Number(view.getBigUint64(8, little)) : view.getUint32(4, little);
  return decompressed(stored, header.length, size, type);
}

/**
 * Unpacks a section that begins with "ZLIB" and the size as eight big-endian bytes, followed by the stream (GNU
 * binutils before 2.26).
 */
function zdebugContents(stored: RandomFile): RandomFile {
  const header = stored.read(0, 12);
  if (header.length < 12 || Buffer.from(header.subarray(0, 4)).toString("latin1") !== "ZLIB") return stored;
  return decompressed(stored, 12, Number(viewOf(header).getBigUint64(4)), ELFCOMPRESS_ZLIB);
}

function decompressed(stored: RandomFile, start: number, size: number, type: number): RandomFile {
  const compressed = stored.size - start;
  if (size > MAX_DECOMPRESSED)
    throw Fault.of("corrupt", `${stored.name}: size ${size} exceeds the limit of ${MAX_DECOMPRESSED} bytes`);
  if (type === ELFCOMPRESS_ZLIB && size > 64 + compressed * ZLIB_MAX_RATIO) {
    throw Fault.of(
      "corrupt",
      `${stored.name}: size ${size} is impossible for ${compressed} compressed bytes; the header is damaged`,
    );
  }
  let whole: RandomFile | undefined;
  const inflate = (): RandomFile => bytesFile(stored.name, inflated(stored, start, size, type));
  return {
    name: stored.name,
    size,
    read: (offset, length) => (whole ??= inflate()).read(offset, length),
    close() {},
  };
}

function inflated(stored: RandomFile, start: number, size: number, type: number): Uint8Array {
  const stream = stored.read(start, stored.size - start);
  let bytes: Uint8Array;
  try {
    bytes =
      type === ELFCOMPRESS_ZSTD
        ? zstdDecompressSync(stream, { maxOutputLength: size + 1 })
        : inflateSync(stream, { maxOutputLength: size + 1, finishFlush: constants.Z_SYNC_FLUSH });
  } catch (error) {
    throw Fault.of("corrupt", `${stored.name}: ${error instanceof Error ? error.message : "cannot be decompressed"}`);
  }
  if (bytes.length !== size)
    throw Fault.of("corrupt", `${stored.name}: decompresses to ${bytes.length} bytes instead of ${size}`);
  // A plain Uint8Array, because slices of a Buffer share memory.
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}
