import { randomUUID } from "node:crypto";
import { existsSync, readdirSync, renameSync, statSync } from "node:fs";
import { join } from "node:path";

/** A transfer that lives writes more often than this: a part that nobody touched for so long was left by the dead. */
const ABANDONED_MS = 600_000;

/** Characters that the name of a part has behind that of its file: ".UUID.part". */
export const PART_NAME = 1 + 36 + 5;

const CLAIMED = /^\.[0-9a-f-]{36}\.part$/;

/**
 * The part of a file that the caller alone writes to, with what an earlier transfer left in it, if any. Sessions share
 * the cache, and two that wrote to one file would spoil it for everybody: whoever renames a part has it.
 */
export function claimPart(folder: string, name: string): string {
  const own = join(folder, `${name}.${randomUUID()}.part`);
  for (const entry of readdirSync(folder)) {
    if (!entry.startsWith(name) || !isLeft(folder, entry, entry.slice(name.length))) continue;
    try {
      renameSync(join(folder, entry), own);
      break;
    } catch {
      // somebody else was faster
    }
  }
  return own;
}

/** Leaves what there is of a part to whoever continues it. */
export function leavePart(folder: string, name: string, own: string): void {
  if (existsSync(own)) renameSync(own, join(folder, `${name}.part`));
}

function isLeft(folder: string, entry: string, suffix: string): boolean {
  if (!CLAIMED.test(suffix)) return suffix === ".part";
  const stat = statSync(join(folder, entry), { throwIfNoEntry: false });
  return stat !== undefined && Date.now() - stat.mtimeMs > ABANDONED_MS;
}
