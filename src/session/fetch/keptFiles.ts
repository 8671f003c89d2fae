/** Lists and removes what sessions keep on disk. */
import { type Dirent, lstatSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { attemptSystem } from "../../base/systemError.ts";
import { cacheOf, isBuildId } from "../find/debuginfoPlaces.ts";
import { ownCache, ownCacheKinds } from "../userCache.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** Files of one kernel, archive or address that are kept together. */
export interface KeptFiles {
  /**
   * What the files are: "debuginfo" is in debuginfod's cache, which other debuggers share; all others are only ours.
   */
  readonly kind: (typeof ownCacheKinds)[number] | "debuginfo";
  /** Build ID, or the name of the file or directory. */
  readonly name: string;
  readonly paths: readonly string[];
  readonly bytes: number;
  /** Time of the last use or change, in milliseconds since the epoch. */
  readonly used: number;
}

/**
 * Maximum numbers of entries of a directory, and maximum depth of directories, because a cache can have any contents.
 */
const MAX_ENTRIES = 100_000;
const MAX_DEPTH = 8;

/** Returns what is kept, the largest first. */
export function keptFiles(env: Environment): readonly KeptFiles[] {
  const own = ownCacheKinds.flatMap((kind) => grouped(kind, ownCache(env, kind), (name) => name.replace(/\..*$/, "")));
  const shared = grouped("debuginfo", cacheOf(env), (name) => (isBuildId(name) ? name : undefined));
  return [...own, ...shared].sort((a, b) => b.bytes - a.bytes);
}

/** Removes files, but none of debuginfod's cache. @returns those that were removed */
export function removeKept(files: readonly KeptFiles[]): readonly KeptFiles[] {
  const ours = files.filter(({ kind }) => kind !== "debuginfo");
  return ours.filter(({ paths }) =>
    paths.every((path) => attemptSystem(() => (rmSync(path, { recursive: true, force: true }), true)) ?? false),
  );
}

/** Groups the entries of a directory by name. @param nameOf returns undefined for an entry that is not listed */
function grouped(
  kind: KeptFiles["kind"],
  directory: string,
  nameOf: (entry: string) => string | undefined,
): readonly KeptFiles[] {
  const groups = new Map<string, KeptFiles>();
  for (const entry of entriesOf(directory)) {
    const name = nameOf(entry.name);
    if (name === undefined || name === "") continue;
    const path = join(directory, entry.name);
    const { bytes, used } = sizeOf(path);
    const known = groups.get(name);
    groups.set(name, {
      kind,
      name,
      paths: [...(known?.paths ?? []), path],
      bytes: bytes + (known?.bytes ?? 0),
      used: Math.max(used, known?.used ?? 0),
    });
  }
  return [...groups.values()];
}

const entriesOf = (directory: string): Dirent[] =>
  (attemptSystem(() => readdirSync(directory, { withFileTypes: true })) ?? []).slice(0, MAX_ENTRIES);

/** Returns the size of a file or directory in bytes, and the time of its last use or change. */
export function sizeOf(path: string, depth = 0): { readonly bytes: number; readonly used: number } {
  const stat = attemptSystem(() => lstatSync(path));
  if (!stat?.isDirectory() || depth === MAX_DEPTH) return { bytes: stat?.size ?? 0, used: stat?.mtimeMs ?? 0 };
  const below = entriesOf(path).map((entry) => sizeOf(join(path, entry.name), depth + 1));
  return {
    bytes: below.reduce((sum, { bytes }) => sum + bytes, 0),
    used: below.reduce((last, { used }) => Math.max(last, used), stat.mtimeMs),
  };
}
