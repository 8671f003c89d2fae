import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, isAbsolute, join, posix, resolve, sep } from "node:path";

/** A directory in which sources are looked for, and why it is one. */
export interface SourceRoot {
  readonly path: string;
  readonly why: "kernelSource" | "workspace" | "beside the dump" | "installed";
  /** VERSION.PATCHLEVEL.SUBLEVEL of its Makefile; undefined when it is no kernel tree. */
  readonly version: string | undefined;
}

export interface SourceOptions {
  /** Directories that the user named. */
  readonly kernelSource?: readonly string[];
  /** Prefix of a path in the debuginfo, to the directory that it stands for here. */
  readonly sourceFileMap?: Readonly<Record<string, string>>;
  /** Open folders: used when they look like a kernel tree. */
  readonly workspace?: readonly string[];
  /** Directories of the dump and of the modules: the source of an out-of-tree module often lies there. */
  readonly beside?: readonly string[];
  /** Where distributions install kernel sources; tests give their own. */
  readonly installed?: readonly string[];
  /** `utsname.release` and `utsname.version` of the dump: Debian's source version stands in the second. */
  readonly release?: string;
  readonly versionText?: string;
}

/** `*` stands for one name. The third is where Fedora's and SUSE's debugsource packages put theirs. */
const INSTALLED = ["/usr/src/linux*", "/usr/src/linux*/linux*", "/usr/src/debug/kernel*/linux*"];

/** More directories than this in one that a pattern names are not a place where sources are installed. */
const MAX_LISTED = 4096;

/**
 * Finds source files of the debuginfo on this machine.
 *
 * A path in debuginfo is what whoever built the kernel wrote: it is matched against the roots, piece by piece
 * from the longest, and never opened as it stands; nothing outside a root is ever named.
 */
export class SourceFiles {
  readonly roots: readonly SourceRoot[];
  private readonly map: readonly (readonly [from: string, to: string])[];
  private readonly options: SourceOptions;
  private readonly known = new Map<string, string | undefined>();

  constructor(options: SourceOptions) {
    this.options = options;
    this.map = Object.entries(options.sourceFileMap ?? {})
      .map(([from, to]) => [posix.normalize(from), resolve(to)] as const)
      .sort((a, b) => b[0].length - a[0].length);
    const wanted = (root: SourceRoot): boolean => root.version !== undefined && matches(root.version, options);
    const installed = (options.installed ?? INSTALLED).flatMap(expand).map((path) => rootOf(path, "installed"));
    this.roots = [
      ...(options.kernelSource ?? []).map((path) => rootOf(path, "kernelSource")),
      ...(options.workspace ?? [])
        .map((path) => rootOf(path, "workspace"))
        .filter((root) => root.version !== undefined),
      ...(options.beside ?? []).map((path) => rootOf(path, "beside the dump")),
      // Of the installed trees the one of this kernel first: several versions often lie side by side.
      ...installed.filter(wanted),
      ...installed.filter((root) => root.version !== undefined && !wanted(root)),
    ].filter((root, i, all) => all.findIndex((other) => other.path === root.path) === i);
  }

  /** The local file, absolute; undefined when no root has it. */
  find(file: string): string | undefined {
    if (!this.known.has(file)) this.known.set(file, this.search(file));
    return this.known.get(file);
  }

  private search(file: string): string | undefined {
    const path = posix.normalize(file.replaceAll("\\", "/"));
    if (path.includes("\0")) return undefined;
    for (const [from, to] of this.map) {
      const rest = path.startsWith(`${from.replace(/\/$/, "")}/`)
        ? path.slice(from.replace(/\/$/, "").length + 1)
        : undefined;
      const found = rest === undefined ? undefined : within(to, rest);
      if (found) return found;
    }
    const parts = path.split("/").filter((part) => part !== "" && part !== "." && part !== "..");
    // The longest tail that some root has. A kernel unit's name is relative to the source root and stands there whole
    // or not at all; and a bare name says too little to be looked for in a kernel tree.
    for (let skip = 0; skip < parts.length; skip++) {
      const tail = parts.slice(skip).join("/");
      const shortened = skip > 0 && (!isAbsolute(path) || skip === parts.length - 1);
      for (const root of this.roots) {
        if (shortened && root.version !== undefined) continue;
        const found = within(root.path, tail);
        if (found) return found;
      }
    }
    return undefined;
  }

  /** The tree that kernel sources come from, if there is one. */
  get tree(): SourceRoot | undefined {
    return this.roots.find((root) => root.version !== undefined);
  }

  /** What the user should know of the source tree, once: a sentence; undefined when all is well. */
  get remark(): string | undefined {
    const { tree } = this;
    const { release } = this.options;
    if (!tree) {
      return `No kernel source tree found${release ? ` for ${release}` : ""}: install the kernel's source package under /usr/src, or name the tree in "kernelSource".`;
    }
    if (release === undefined || matches(tree.version ?? "", this.options)) return undefined;
    return `The source tree ${tree.path} is Linux ${tree.version}, the dump is of ${release}: lines may be off.`;
  }
}

/** Debian's release is `6.1.0-56-amd64` for sources of 6.1.192, which only its version text tells. */
function matches(version: string, { release = "", versionText = "" }: SourceOptions): boolean {
  if (new RegExp(`^${escape(version)}(?![.\\d])`).test(release.replace(/^(\d+\.\d+)(?![.\d])/, "$1.0"))) return true;
  return new RegExp(`(^|[^.\\d])${escape(version)}(?![.\\d])`).test(versionText);
}

const escape = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

const rootOf = (path: string, why: SourceRoot["why"]): SourceRoot => ({
  path: resolve(path),
  why,
  version: treeVersion(path),
});

/** A kernel tree's version, from the first lines of its Makefile. */
function treeVersion(path: string): string | undefined {
  if (!isFile(join(path, "kernel/panic.c"))) return undefined;
  try {
    const makefile = readFileSync(join(path, "Makefile"), "utf8").slice(0, 4096);
    const part = (name: string): string => new RegExp(`^${name} *= *(\\S*)`, "m").exec(makefile)?.[1] ?? "";
    const version = part("VERSION");
    return version === "" ? undefined : `${version}.${part("PATCHLEVEL")}.${part("SUBLEVEL") || "0"}`;
  } catch {
    return undefined;
  }
}

/** The file `rest` below `root`, never above it. */
function within(root: string, rest: string): string | undefined {
  if (isAbsolute(rest)) return undefined;
  const path = resolve(root, rest);
  return path.startsWith(root.endsWith(sep) ? root : root + sep) && isFile(path) ? path : undefined;
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

/** Directories that match a pattern, in the order of their names. */
function expand(pattern: string): string[] {
  if (!pattern.includes("*")) return isDirectory(pattern) ? [pattern] : [];
  const parent = dirname(pattern);
  const name = new RegExp(
    `^${pattern
      .slice(parent.length + 1)
      .split("*")
      .map(escape)
      .join(".*")}$`,
  );
  return expand(parent).flatMap((folder) => {
    try {
      return readdirSync(folder)
        .slice(0, MAX_LISTED)
        .filter((entry) => name.test(entry))
        .sort()
        .map((entry) => join(folder, entry))
        .filter(isDirectory);
    } catch {
      return [];
    }
  });
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
