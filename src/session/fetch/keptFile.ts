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
  return isKept(part, () => {
    mkdirSync(dirname(path), { recursive: true, mode: modes.folder });
    writeFileSync(part, bytes, { mode: modes.file, flag: "wx" });
    renameSync(part, path);
  });
}

/**
 * Moves a finished file to its name in a cache. An existing file of that name is kept.
 * @throws NodeJS.ErrnoException for errors other than an existing file
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

/** Runs `keepFile` without replacing an existing file. @returns whether the file exists now */
export function keepNewFile(path: string, bytes: Uint8Array): boolean {
  const part = `${path}.${randomUUID()}.part`;
  return isKept(part, () => {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeFileSync(part, bytes, { mode: 0o600, flag: "wx" });
    placeNew(part, path);
  });
}

/** Runs `keep`; removes the part if it fails. @returns whether it succeeded */
function isKept(part: string, keep: () => void): boolean {
  const kept = attemptSystem(() => (keep(), true)) ?? false;
  // Ignore errors: nothing was written if a directory of the path is a file.
  if (!kept) attemptSystem(() => rmSync(part, { force: true }));
  return kept;
}
