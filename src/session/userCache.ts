/** The user's cache directory, and the compiled code in it. */
import { mkdirSync, readdirSync, rm, statSync, utimesSync } from "node:fs";
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

/** Maximum number of programs whose compiled code is kept: an update of the extension, or of Node, is another one. */
const MAX_PROGRAMS = 8;
/** Maximum number of characters of a path that name a program. */
const MAX_NAME = 120;
/** Time in milliseconds after which a use of compiled code is noted again. */
const NOTE_AFTER = 24 * 3600_000;

/**
 * Makes Node keep what it compiles of the modules that are loaded from now on, so that the next start is faster. Node
 * never removes what it kept. Therefore each program has a directory of its own, and those that were not used for the
 * longest time are removed. Does nothing if the directory cannot be written to, or belongs to another user, who could
 * put other code there.
 * @param program directory of the program's files
 */
export function keepCompiledCode(env: Environment, program: string): void {
  const all = ownCache(env, "code");
  const directory = join(all, `${program}_${process.version}`.slice(-MAX_NAME).replace(/[^\w-]/g, "_"));
  attemptSystem(() => {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const uid = process.getuid?.();
    if ([all, directory].some((path) => uid !== undefined && statSync(path).uid !== uid)) return;
    enableCompileCache(directory);
    if (statSync(directory).mtimeMs < Date.now() - NOTE_AFTER) utimesSync(directory, new Date(), new Date());
    removeOtherCode(all, directory);
  });
}

/** Removes the code of all but the last used programs while this one starts. Others can remove the same files. */
function removeOtherCode(all: string, own: string): void {
  const others = readdirSync(all)
    .map((name) => join(all, name))
    .filter((path) => path !== own);
  if (others.length < MAX_PROGRAMS) return;
  const used = (path: string): number => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  for (const path of others.toSorted((a, b) => used(b) - used(a)).slice(MAX_PROGRAMS - 1))
    rm(path, { recursive: true, force: true }, () => {});
}
