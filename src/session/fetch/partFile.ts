import { attemptSystem } from "../../base/systemError.ts";
import { createHash, randomUUID } from "node:crypto";
import { existsSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { hostname } from "node:os";
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
    // Another session may be faster.
    const isOwn = attemptSystem(() => (renameSync(join(folder, entry), own), true));
    if (isOwn) break;
  }
  return own;
}

/** Leaves what there is of a part to whoever continues it. */
export function leavePart(folder: string, name: string, own: string): void {
  if (existsSync(own)) renameSync(own, join(folder, `${name}.part`));
}

function isLeft(folder: string, entry: string, suffix: string): boolean {
  return CLAIMED.test(suffix) ? isAbandoned(join(folder, entry)) : suffix === ".part";
}

/** Tells this machine, or this container, from others that share a cache: process ids are its own. */
const HOST = createHash("sha256").update(hostname()).digest("hex").slice(0, 8);
const OWN = /\.([0-9a-f]{8})-(\d{1,10})\.[0-9a-f-]{36}\.part$/;

/** Where this process alone writes a file until it is whole; what a killed process leaves, the next start removes. */
export const ownPart = (path: string): string => `${path}.${HOST}-${process.pid}.${randomUUID()}.part`;

/** Removes what processes that are gone left in a folder: gigabytes, where one was killed unpacking a vmlinux. */
export function removeDeadParts(folder: string): void {
  const entries = attemptSystem(() => readdirSync(folder)) ?? [];
  for (const entry of entries) {
    const [, host, pid] = OWN.exec(entry) ?? [];
    if (pid === undefined) continue;
    const path = join(folder, entry);
    const isDead = host === HOST ? !isRunning(Number(pid)) : isAbandoned(path);
    // A folder that cannot be written to keeps it.
    if (isDead) attemptSystem(() => rmSync(path, { force: true }));
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Another user's process may be signalled by nobody else.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function isAbandoned(path: string): boolean {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat !== undefined && Date.now() - stat.mtimeMs > ABANDONED_MS;
}
