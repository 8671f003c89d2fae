import { gunzipSync, zstdDecompressSync } from "node:zlib";
import { Fault } from "../base/fault.ts";
import { bytesFile, openFile, type RandomFile } from "../base/file.ts";

/** A module packed as distributions install them (CONFIG_MODULE_COMPRESS_*) is small; with DWARF it has some 100 MiB. */
const MAX_PACKED = 256 << 20;
const MAX_UNPACKED = 512 << 20;

/**
 * Opens a file, one packed with gzip or zstd unpacked in memory.
 * @throws Fault for one that cannot be unpacked; NodeJS.ErrnoException as `openFile`
 */
export function openPacked(path: string): RandomFile {
  if (path.endsWith(".xz")) throw Fault.of("unknown", 'is packed with xz: unpack it with "xz -dk"');
  const unpack = path.endsWith(".gz") ? gunzipSync : path.endsWith(".zst") ? zstdDecompressSync : undefined;
  const file = openFile(path);
  if (!unpack) return file;
  try {
    if (file.size > MAX_PACKED) throw Fault.of("unknown", `is too large to be unpacked in memory`);
    return bytesFile(path, unpack(file.read(0, file.size), { maxOutputLength: MAX_UNPACKED }));
  } catch (error) {
    if (error instanceof Fault) throw error;
    throw Fault.of("corrupt", `cannot be unpacked: ${error instanceof Error ? error.message : String(error)}`);
  } finally {
    file.close();
  }
}
