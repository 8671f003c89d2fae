/** The user's cache directory, and the compiled code in it. */
import { mkdirSync, statSync } from "node:fs";
import { enableCompileCache } from "node:module";
import { homedir } from "node:os";
import { join } from "node:path";
import { attemptSystem } from "../base/systemError.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** Returns the user's cache directory, by the XDG Base Directory Specification. */
export const userCache = (env: Environment): string => env["XDG_CACHE_HOME"] || join(homedir(), ".cache");

/** The kinds of files that only this program keeps. */
export const ownCacheKinds = ["symbols", "index", "source", "code", "remote"] as const;

/** Returns the directory of one kind of files that only this program keeps. */
export const ownCache = (env: Environment, kind: (typeof ownCacheKinds)[number]): string =>
  join(userCache(env), "vmcore-debug", kind);

/**
 * Makes Node keep what it compiles of the modules that are loaded from now on, so that the next start is faster. Does
 * nothing if the directory cannot be written to, or belongs to another user, who could put other code there.
 */
export function keepCompiledCode(env: Environment): void {
  const directory = ownCache(env, "code");
  attemptSystem(() => {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const uid = process.getuid?.();
    if (uid === undefined || statSync(directory).uid === uid) enableCompileCache(directory);
  });
}
