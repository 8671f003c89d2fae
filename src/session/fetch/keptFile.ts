import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

/**
 * Keeps what the next session need not work out again, whole or not at all. Permissions are those of the umask unless
 * they are given.
 * @returns whether it was kept: a cache that cannot be written to is none
 */
export function keepFile(path: string, bytes: Uint8Array, modes: { folder?: number; file?: number } = {}): boolean {
  const part = `${path}.${process.pid}.part`;
  try {
    mkdirSync(dirname(path), { recursive: true, mode: modes.folder });
    writeFileSync(part, bytes, { mode: modes.file });
    renameSync(part, path);
    return true;
  } catch {
    removed(part);
    return false;
  }
}

function removed(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // a directory of the path is none: nothing was written
  }
}
