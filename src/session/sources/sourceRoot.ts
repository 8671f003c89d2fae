/** Directories in which sources are searched for. */
import { attemptSystem } from "../../base/systemError.ts";
import { readdirSync, statSync } from "node:fs";
import { dirname, isAbsolute, join, resolve, sep } from "node:path";
import { fileHead } from "../../base/file.ts";

/** A directory or an archive of sources, and why it is searched. */
export interface SourceRoot {
  readonly path: string;
  readonly why: "kernelSource" | "workspace" | "beside the dump" | "beside the module" | "installed";
  /** VERSION.PATCHLEVEL.SUBLEVEL of its Makefile; undefined if it is not a kernel tree. */
  readonly version: string | undefined;
}

/** Maximum number of entries read from a directory that a pattern names. */
const MAX_LISTED = 4096;
/** Maximum size of a source file in bytes. The largest of the kernel, a table of registers, has 20 MiB. */
export const MAX_SOURCE = 64 << 20;
/** Number of bytes of a Makefile to read; the version is in the first lines. */
const MAKEFILE_HEAD = 4096;

export const rootOf = (path: string, why: SourceRoot["why"]): SourceRoot => ({
  path: resolve(path),
  why,
  version: isFile(join(path, "kernel/panic.c")) ? makefileVersion(headOf(join(path, "Makefile"))) : undefined,
});

/** Parses a kernel tree's version from the first lines of its Makefile; undefined if they have none. */
export function makefileVersion(makefile: string): string | undefined {
  const part = (name: string): string => new RegExp(`^${name} *= *(\\S*)`, "m").exec(makefile)?.[1] ?? "";
  const version = part("VERSION");
  return version === "" ? undefined : `${version}.${part("PATCHLEVEL")}.${part("SUBLEVEL") || "0"}`;
}

/** Reads the first lines of a file; empty if it cannot be read. */
const headOf = (path: string): string => attemptSystem(() => fileHead(path, MAKEFILE_HEAD))?.toString("utf8") ?? "";

/**
 * Whether a source version is that of a kernel. Debian's release `6.1.0-56-amd64` has sources of 6.1.192, which only
 * its version text contains.
 */
export function isVersionOf(version: string, release = "", versionText = ""): boolean {
  if (new RegExp(`^${escape(version)}(?![.\\d])`).test(release.replace(/^(\d+\.\d+)(?![.\d])/, "$1.0"))) return true;
  return new RegExp(`(^|[^.\\d])${escape(version)}(?![.\\d])`).test(versionText);
}

const escape = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

/** Returns the path of the file `rest` below `root`; undefined if it is outside or does not exist. */
export function within(root: string, rest: string): string | undefined {
  if (isAbsolute(rest)) return undefined;
  const path = resolve(root, rest);
  return path.startsWith(root.endsWith(sep) ? root : root + sep) && isFile(path) ? path : undefined;
}

function isFile(path: string): boolean {
  return attemptSystem(() => statSync(path).isFile()) ?? false;
}

/** Lists the paths that match a pattern, sorted by name; `*` matches one name. */
export function expand(pattern: string): string[] {
  if (!pattern.includes("*")) return attemptSystem(() => statSync(pattern)) ? [pattern] : [];
  const parent = dirname(pattern);
  const wanted = pattern.slice(parent.length + 1).split("*");
  const name = new RegExp(`^${wanted.map(escape).join(".*")}$`);
  return expand(parent).flatMap((folder) =>
    (attemptSystem(() => readdirSync(folder)) ?? [])
      .slice(0, MAX_LISTED)
      .filter((entry) => name.test(entry))
      .sort()
      .map((entry) => join(folder, entry)),
  );
}
