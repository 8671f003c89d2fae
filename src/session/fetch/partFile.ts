/** Manages files in a cache that are not complete yet. */
import { attemptSystem } from "../../base/systemError.ts";
import { once } from "../../base/once.ts";
import { createHash, randomUUID } from "node:crypto";
import { existsSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";

/** Age in milliseconds after which an untouched part is abandoned. A running transfer writes more often. */
const ABANDONED_MS = 600_000;

/** Number of characters that the name of a part has more than the name of its file: ".UUID.part". */
export const PART_NAME = 1 + 36 + 5;

const CLAIMED = /^\.[0-9a-f-]{36}\.part$/;

/**
 * Returns the path of a part that only the caller writes to, with the contents of an earlier transfer, if any. Sessions
 * share the cache, so a part is claimed by renaming it.
 */
export function claimPart(folder: string, name: string): string {
  const own = join(folder, `${name}.${randomUUID()}.part`);
  for (const entry of readdirSync(folder)) {
    if (!entry.startsWith(name) || !isLeft(folder, entry, entry.slice(name.length))) continue;
    // Ignore errors: another session may have claimed it first.
    const isOwn = attemptSystem(() => (renameSync(join(folder, entry), own), true));
    if (isOwn) break;
  }
  return own;
}

/** Keeps an incomplete part, so that a later transfer can continue it. */
export function leavePart(folder: string, name: string, own: string): void {
  if (existsSync(own)) renameSync(own, join(folder, `${name}.part`));
}

function isLeft(folder: string, entry: string, suffix: string): boolean {
  return CLAIMED.test(suffix) ? isAbandoned(join(folder, entry)) : suffix === ".part";
}

/** Identifies this machine or container among those that share a cache, because process ids are local. */
export const thisHost = once(() => createHash("sha256").update(hostname()).digest("hex").slice(0, 8));
const OWN = /\.([0-9a-f]{8})-(\d{1,10})\.[0-9a-f-]{36}\.part$/;

/**
 * Returns a path where only this process writes a file until it is complete. The next start removes what a killed
 * process leaves.
 */
export const ownPart = (path: string): string => `${path}.${thisHost()}-${process.pid}.${randomUUID()}.part`;

/** Removes the files of dead processes from a folder: gigabytes if one was killed while it unpacked a vmlinux. */
export function removeDeadParts(folder: string): void {
  const entries = attemptSystem(() => readdirSync(folder)) ?? [];
  for (const entry of entries) {
    const [, writer, pid] = OWN.exec(entry) ?? [];
    if (pid === undefined) continue;
    const path = join(folder, entry);
    const isDead = writer === thisHost() ? !isRunning(Number(pid)) : isAbandoned(path);
    // Ignore errors: the folder may be read-only.
    if (isDead) attemptSystem(() => rmSync(path, { force: true }));
  }
}

/** Whether a process of this machine exists. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM means that the process exists but belongs to another user.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Whether a file has not been written to for `ABANDONED_MS`: its process is then taken for dead. */
export function isAbandoned(path: string): boolean {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat !== undefined && Date.now() - stat.mtimeMs > ABANDONED_MS;
}
