/** Finds dump files in directories, by their content. */
import { readdirSync, realpathSync, statSync } from "node:fs";
import { join, sep } from "node:path";
import { fileHead } from "../../base/file.ts";
import { attemptSystem } from "../../base/systemError.ts";
import { dumpFormatOf } from "../../dump/formats.ts";

/** A file that begins like a dump. */
export interface DumpFile {
  /** The real path, without symbolic links. */
  readonly path: string;
  /** Size in bytes. */
  readonly size: number;
}

/** Number of bytes at the start of a file that identify a dump format. */
const HEAD_BYTES = 8192;

/** Returns the first bytes of a file, which identify a dump format; none if it cannot be read. */
export const dumpHead = (path: string): Uint8Array =>
  attemptSystem(() => fileHead(path, HEAD_BYTES)) ?? new Uint8Array(0);

/** Whether a file begins like a dump. Memory without a header is not recognized, and of ELF files only cores. */
export const isDumpFile = (path: string): boolean => dumpFormatOf(dumpHead(path)) !== undefined;

/** Minimum size of a dump in bytes. */
const MIN_BYTES = 64 << 10;
/** Maximum depth below a directory. */
const MAX_DEPTH = 4;
/** Maximum number of directory entries that are looked at. */
const MAX_ENTRIES = 20_000;
/** Maximum number of dumps that are found. */
const MAX_DUMPS = 500;

/**
 * Yields undefined for each directory, so that the search can be paused, and the dump files below some directories.
 * Symbolic links are not followed. @param roots real paths
 */
export function* dumpsBelow(roots: readonly string[]): Generator<DumpFile | undefined, void, void> {
  let [entries, dumps] = [0, 0];
  const pending = roots.map((path) => ({ path, depth: 0 }));
  for (const { path, depth } of pending) {
    yield undefined;
    for (const entry of attemptSystem(() => readdirSync(path, { withFileTypes: true })) ?? []) {
      if (++entries > MAX_ENTRIES || dumps >= MAX_DUMPS) return;
      const name = join(path, entry.name);
      if (entry.isDirectory() && depth < MAX_DEPTH) pending.push({ path: name, depth: depth + 1 });
      if (!entry.isFile()) continue;
      const size = attemptSystem(() => statSync(name).size) ?? 0;
      if (size < MIN_BYTES || !isDumpFile(name)) continue;
      dumps++;
      yield { path: name, size };
    }
  }
}

/** Returns the path without symbolic links; undefined if the file does not exist. */
export const realPath = (path: string): string | undefined => attemptSystem(() => realpathSync(path));

/**
 * Returns the real path of a file, if it is below one of the directories; undefined if it does not exist or is outside.
 * @param roots real paths
 */
export function pathBelow(path: string, roots: readonly string[]): string | undefined {
  const real = realPath(path);
  return roots.some((root) => real === root || real?.startsWith(root.endsWith(sep) ? root : root + sep))
    ? real
    : undefined;
}
