/** Limits the size of a cache by removing what was not used for the longest time. */
import { rmSync, utimesSync } from "node:fs";
import { attemptSystem } from "../../base/systemError.ts";

/** A file or directory of a cache. */
export interface Stored {
  readonly path: string;
  readonly bytes: number;
  /** Time of the last use, in milliseconds since the epoch. */
  readonly used: number;
}

/**
 * Removes the least recently used ones beyond a total of `most` bytes. The last used one stays, however large it is.
 * Errors are ignored, because another session may remove the same files, and a cache may be read-only.
 */
export function removeLeastUsed(stored: readonly Stored[], most: number): void {
  let kept = 0;
  for (const [i, { path, bytes }] of stored.toSorted((a, b) => b.used - a.used).entries()) {
    kept += bytes;
    if (i > 0 && kept > most) attemptSystem(() => rmSync(path, { recursive: true, force: true }));
  }
}

/** Notes that a file was used now. Errors are ignored: a read-only cache is not limited either. */
export function markUsed(path: string): void {
  attemptSystem(() => utimesSync(path, new Date(), new Date()));
}
