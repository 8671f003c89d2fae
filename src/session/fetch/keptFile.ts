import { attemptSystem } from "../../base/systemError.ts";
import { randomUUID } from "node:crypto";
import { existsSync, linkSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

/**
 * Keeps what the next session need not work out again, whole or not at all. Permissions are those of the umask unless
 * they are given.
 * @returns whether it was kept: a cache that cannot be written to is none
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
 * Gives a finished file its name in a cache, unless there is one of that name: that one stays.
 * @throws NodeJS.ErrnoException for any other reason
 */
export function placeNew(part: string, path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  try {
    linkSync(part, path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // Some file systems know no second name for a file.
    if (code !== "EEXIST" && !existsSync(path)) renameSync(part, path);
  }
  rmSync(part, { force: true });
}

/** `keepFile` where nothing is replaced. @returns whether the file is there now */
export function keepNewFile(path: string, bytes: Uint8Array): boolean {
  const part = `${path}.${randomUUID()}.part`;
  return isKept(part, () => {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeFileSync(part, bytes, { mode: 0o600, flag: "wx" });
    placeNew(part, path);
  });
}

/** Whether the system lets a file be kept; if not, nothing of its part stays. */
function isKept(part: string, keep: () => void): boolean {
  const kept = attemptSystem(() => (keep(), true)) ?? false;
  // Refused where a directory of the path is none: nothing was written.
  if (!kept) attemptSystem(() => rmSync(part, { force: true }));
  return kept;
}
