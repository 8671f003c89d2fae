/** Writes files into a cache, completely or not at all. */
import { attemptSystem } from "../../base/systemError.ts";
import { randomUUID } from "node:crypto";
import { existsSync, linkSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

/**
 * Stores a file that saves work in the next session. Permissions follow the umask unless `modes` is given.
 * @returns whether it was stored; false if the cache cannot be written to
 */
export function keepFile(path: string, bytes: Uint8Array, modes: { folder?: number; file?: number } = {}): boolean {
  const part = `${path}.${randomUUID()}.part`;
  return tryToKeep(part, () => {
    mkdirSync(dirname(path), { recursive: true, mode: modes.folder });
    writeFileSync(part, bytes, { mode: modes.file, flag: "wx" });
    renameSync(part, path);
  });
}

/**
 * Moves a finished file to its name in a cache. An existing file of that name is kept.
 * @throws NodeJS.ErrnoException if there is no file of that name and the file can neither be linked nor renamed to it
 */
export function placeNew(part: string, path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  try {
    linkSync(part, path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // Some file systems do not support hard links.
    if (code !== "EEXIST" && !existsSync(path)) renameSync(part, path);
  }
  rmSync(part, { force: true });
}

/**
 * Stores a file for this user only, and keeps an existing file of that name. @returns false if the cache cannot be written
 * to, even if it has the file already
 */
export function keepNewFile(path: string, bytes: Uint8Array): boolean {
  const part = `${path}.${randomUUID()}.part`;
  return tryToKeep(part, () => {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeFileSync(part, bytes, { mode: 0o600, flag: "wx" });
    placeNew(part, path);
  });
}

/** Runs `keep`; removes the unfinished file `part` if it fails. @returns whether it succeeded */
function tryToKeep(part: string, keep: () => void): boolean {
  const kept = attemptSystem(() => (keep(), true)) ?? false;
  // Ignore errors: if a directory of the path is a file, rmSync() throws ENOTDIR in spite of `force`.
  if (!kept) attemptSystem(() => rmSync(part, { force: true }));
  return kept;
}
