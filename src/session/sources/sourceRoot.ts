import { attemptSystem } from "../../base/systemError.ts";
import { readdirSync, statSync } from "node:fs";
import { dirname, isAbsolute, join, resolve, sep } from "node:path";
import { fileHead } from "../../base/file.ts";

/** A directory or an archive in which sources are looked for, and why it is one. */
export interface SourceRoot {
  readonly path: string;
  readonly why: "kernelSource" | "workspace" | "beside the dump" | "beside the module" | "installed";
  /** VERSION.PATCHLEVEL.SUBLEVEL of its Makefile; undefined when it is no kernel tree. */
  readonly version: string | undefined;
}

/** More directories than this in one that a pattern names are not a place where sources are installed. */
const MAX_LISTED = 4096;
/** The largest source of the kernel, a table of registers, has 20 MiB. */
export const MAX_SOURCE = 64 << 20;
/** The version stands in the first lines. */
const MAKEFILE_HEAD = 4096;

export const rootOf = (path: string, why: SourceRoot["why"]): SourceRoot => ({
  path: resolve(path),
  why,
  version: isFile(join(path, "kernel/panic.c")) ? makefileVersion(headOf(join(path, "Makefile"))) : undefined,
});

/** A kernel tree's version, from the first lines of its Makefile. */
export function makefileVersion(makefile: string): string | undefined {
  const part = (name: string): string => new RegExp(`^${name} *= *(\\S*)`, "m").exec(makefile)?.[1] ?? "";
  const version = part("VERSION");
  return version === "" ? undefined : `${version}.${part("PATCHLEVEL")}.${part("SUBLEVEL") || "0"}`;
}

/** The first lines of a file; empty when it cannot be read. */
const headOf = (path: string): string => attemptSystem(() => fileHead(path, MAKEFILE_HEAD))?.toString("utf8") ?? "";

/** Debian's release is `6.1.0-56-amd64` for sources of 6.1.192, which only its version text tells. */
export function isVersionOf(version: string, release = "", versionText = ""): boolean {
  if (new RegExp(`^${escape(version)}(?![.\\d])`).test(release.replace(/^(\d+\.\d+)(?![.\d])/, "$1.0"))) return true;
  return new RegExp(`(^|[^.\\d])${escape(version)}(?![.\\d])`).test(versionText);
}

const escape = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

/** The file `rest` below `root`, never above it. */
export function within(root: string, rest: string): string | undefined {
  if (isAbsolute(rest)) return undefined;
  const path = resolve(root, rest);
  return path.startsWith(root.endsWith(sep) ? root : root + sep) && isFile(path) ? path : undefined;
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

/** What matches a pattern, in the order of names; `*` stands for one name. */
export function expand(pattern: string): string[] {
  if (!pattern.includes("*")) return statSync(pattern, { throwIfNoEntry: false }) ? [pattern] : [];
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

export function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
