import { gunzipSync, zstdDecompressSync } from "node:zlib";
import { Fault } from "../base/fault.ts";
import { bytesFile, openFile, type RandomFile } from "../base/file.ts";
import { toEnd } from "../base/job.ts";
import { isXz, unxz } from "./xz.ts";

/** A module packed as distributions install them (CONFIG_MODULE_COMPRESS_*) is small; with DWARF it has some 100 MiB. */
const MAX_PACKED = 256 << 20;
const MAX_UNPACKED = 512 << 20;

type Unpack = (bytes: Uint8Array) => Generator<void, Uint8Array, void>;

/** As the file begins, whatever it is called: RFC 1952, 2.3.1; RFC 8878, 3.1.1. */
function unpackerOf(head: Uint8Array): Unpack | undefined {
  if (isXz(head)) return (bytes) => unxz(bytes, MAX_UNPACKED);
  const magic = Buffer.from(head).toString("hex");
  if (magic.startsWith("1f8b")) return atOnce((bytes) => gunzipSync(bytes, { maxOutputLength: MAX_UNPACKED }));
  if (magic.startsWith("28b52ffd")) return atOnce((bytes) => zstdDecompressSync(bytes, { maxOutputLength: MAX_UNPACKED })); // prettier-ignore
  return undefined;
}

const atOnce = (unpack: (bytes: Uint8Array) => Uint8Array): Unpack =>
  function* (bytes) {
    yield;
    return unpack(bytes);
  };

/** A file that may have been packed. */
export interface PackedFile {
  readonly file: RandomFile;
  /** What it held, in memory; undefined for one that was not packed. */
  readonly unpacked: Uint8Array | undefined;
}

/**
 * Opens a file, one packed with gzip, zstd or xz unpacked in memory; yields where it may pause.
 * @throws Fault for one that cannot be unpacked; NodeJS.ErrnoException as `openFile`
 */
export function* openingPacked(path: string): Generator<void, PackedFile, void> {
  const file = openFile(path);
  const unpack = unpackerOf(file.read(0, 8));
  if (!unpack) return { file, unpacked: undefined };
  try {
    if (file.size > MAX_PACKED) throw Fault.of("unknown", "is too large to be unpacked in memory");
    const unpacked = yield* unpack(file.read(0, file.size));
    return { file: bytesFile(path, unpacked), unpacked };
  } catch (error) {
    if (error instanceof Fault && error.kind === "unknown") throw error;
    throw Fault.of("corrupt", `cannot be unpacked: ${error instanceof Error ? error.message : String(error)}`);
  } finally {
    file.close();
  }
}

/** `openingPacked` without a pause. */
export const openPacked = (path: string): RandomFile => toEnd(openingPacked(path)).file;
