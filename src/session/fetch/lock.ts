/** Lets one session at a time do costly work on a cache that sessions share. */
import { mkdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileHead } from "../../base/file.ts";
import { Cancelled } from "../../base/job.ts";
import { attemptSystem } from "../../base/systemError.ts";
import { isAbandoned, isRunning, thisHost } from "./partFile.ts";

/** Interval in milliseconds at which a lock that another session holds is tried again. */
const RETRY_MS = 200;

/**
 * Runs `work` while no other session runs work under the same lock. A lock of a dead process is broken. If a lock file
 * cannot be written, work runs without one: at worst two sessions do the same work.
 * @param path of the lock file, which exists while the lock is held
 * @throws Cancelled
 */
export async function locked<Result>(
  path: string,
  signal: AbortSignal | undefined,
  work: () => Promise<Result>,
): Promise<Result> {
  let state = take(path);
  for (; state === "held"; state = take(path)) {
    if (signal?.aborted) throw new Cancelled();
    if (isDead(path)) attemptSystem(() => rmSync(path, { force: true }));
    else await setTimeout(RETRY_MS);
  }
  try {
    return await work();
  } finally {
    if (state === "taken") attemptSystem(() => rmSync(path, { force: true }));
  }
}

function take(path: string): "taken" | "held" | "impossible" {
  if (!attemptSystem(() => (mkdirSync(dirname(path), { recursive: true, mode: 0o700 }), true))) return "impossible";
  try {
    writeFileSync(path, `${thisHost()}-${process.pid}`, { flag: "wx", mode: 0o600 });
    return "taken";
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EEXIST" ? "held" : "impossible";
  }
}

/** Milliseconds within which a process that created a lock file has written its ID into it. */
const WRITING_MS = 2_000;

/** Whether the process that holds a lock is dead; false for an unknown process of another machine, until it is old. */
function isDead(path: string): boolean {
  const [host, pid] = (attemptSystem(() => fileHead(path, 32).toString("latin1")) ?? "").split("-");
  if (host === thisHost() && pid !== undefined) return !isRunning(Number(pid));
  if (host !== "") return isAbandoned(path);
  const stat = attemptSystem(() => statSync(path));
  return stat !== undefined && Date.now() - stat.mtimeMs > WRITING_MS;
}
