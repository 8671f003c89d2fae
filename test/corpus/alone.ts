import { execFileSync } from "node:child_process";
import { closeSync, mkdirSync, openSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** Where the corpus's scripts keep what they fetch and make. */
export const cache = join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "vmcore-debug");

/**
 * Looks for something that takes minutes to fetch or make, and makes it where it is missing, while nobody else on this
 * machine does: test files run side by side, and what a script writes is there before it is whole.
 * @param name what takes longer than others want to wait has a name of its own
 */
export function alone<T>(run: () => T, name = "corpus"): T {
  mkdirSync(cache, { recursive: true });
  const lock = openSync(join(cache, `${name}.lock`), "w");
  try {
    // flock(1) locks the open file, which is ours too: the lock outlives that process and ends when the file is closed.
    execFileSync("flock", ["3"], { stdio: ["ignore", "ignore", "inherit", lock] });
    return run();
  } finally {
    closeSync(lock);
  }
}
