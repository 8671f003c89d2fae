/** Finds the source files that debuginfo names. */
import { join, posix, resolve } from "node:path";
import { isDirectory } from "../../base/file.ts";
import { type GitTree, gitTree, isBlob, isRepository, mainlineTag, releaseRevisions } from "./git.ts";
import type { SourceArchive } from "./sourceArchive.ts";
import { expand, isVersionOf, rootOf, type SourceRoot, within } from "./sourceRoot.ts";

export interface SourceOptions {
  /** Directories, or archives of them, that the user named. */
  readonly kernelSource?: readonly string[];
  /** Maps a prefix of paths in the debuginfo to a directory on this machine. */
  readonly sourceFileMap?: Readonly<Record<string, string>>;
  /** Open folders, used if they look like a kernel tree. */
  readonly workspace?: readonly string[];
  /** Directories of the dump and of the modules, which often contain the source of an out-of-tree module. */
  readonly beside?: readonly string[];
  /** Returns the modules' debuginfo in use. kbuild puts a module next to its source. */
  readonly modules?: () => readonly string[];
  /** Patterns of directories where distributions install kernel sources; tests set their own. */
  readonly installed?: readonly string[];
  /** Directory that contains only sources; tests set their own. */
  readonly installedBelow?: string;
  /**
   * Returns the path by which a source file on this machine may be read; undefined if it may not. Default: each file
   * that is found, also through symbolic links.
   */
  readonly readable?: ((path: string) => string | undefined) | undefined;
  /** `utsname.release` and `utsname.version` of the dump; the latter contains Debian's source version. */
  readonly release?: string;
  readonly versionText?: string;
}

/** The location of a source: a file, or text in a repository or an archive. */
export type FoundSource = { readonly path: string; readonly stored?: never } | { readonly stored: StoredSource };

export interface StoredSource {
  /** The revision: "v6.1.192". */
  readonly revision: string;
  /** Path relative to the tree's top directory. */
  readonly name: string;
  /** The repository or the archive. */
  readonly place: string;
  /**
   * Reads the text.
   * @returns undefined if it can no longer be read
   */
  text(): string | undefined;
}

/** A file of a git repository. */
export interface RepositoryFile {
  readonly repository: string;
  /** Tags and commits of the dump's release that were searched for in the repository, the most certain first. */
  readonly tried: readonly string[];
  /** The first of them that the repository has; undefined if it has none. */
  readonly revision: string | undefined;
  /** Path of the file in the repository; undefined if the revision has no such file. */
  readonly name: string | undefined;
  /** Linus's tag of the release that the dump's kernel is based on, if the repository has it: "v6.1". */
  readonly mainline: string | undefined;
}

/** Directories of installed sources; `*` matches one name. Fedora's and SUSE's debugsource packages use the third. */
const INSTALLED = ["/usr/src/linux*", "/usr/src/linux*/linux*", "/usr/src/debug/kernel*/linux*"];
const INSTALLED_BELOW = "/usr/src";
const ARCHIVE_NAME = /^linux-.*\.tar(\.(xz|gz|zst))?$/;

/**
 * Finds source files of the debuginfo on this machine.
 *
 * A path in debuginfo comes from the machine that built the kernel. It is matched against the roots by its suffixes,
 * the longest first. It is never opened as an absolute path, except where sources are installed. Only files
 * below a root, a mapped directory, a module's directory or the directory of installed sources are returned.
 *
 * From a root that is a git repository, files are returned as of the release of the dump's kernel, whatever is checked
 * out: unchanged files on disk, the others from the repository.
 */
export class SourceFiles {
  readonly roots: readonly SourceRoot[];
  private readonly map: readonly (readonly [from: string, to: string])[];
  private readonly options: SourceOptions;
  private readonly known = new Map<string, FoundSource | undefined>();
  private readonly refused = new Set<string>();
  private readonly trees = new Map<SourceRoot, GitTree | undefined>();
  private archive: SourceArchive | undefined;

  constructor(options: SourceOptions) {
    this.options = options;
    this.map = Object.entries(options.sourceFileMap ?? {})
      .map(([from, to]) => [posix.normalize(from), resolve(to)] as const)
      .sort((a, b) => b[0].length - a[0].length);
    const installed = (options.installed ?? INSTALLED)
      .flatMap(expand)
      .filter(isDirectory)
      .map((path) => rootOf(path, "installed"));
    this.roots = [
      ...(options.kernelSource ?? []).filter((path) => !isArchive(path)).map((path) => rootOf(path, "kernelSource")),
      ...(options.workspace ?? [])
        .map((path) => rootOf(path, "workspace"))
        .filter((root) => root.version !== undefined),
      ...(options.beside ?? []).map((path) => rootOf(path, "beside the dump")),
      // The installed tree of this kernel comes first, because several versions are often installed.
      ...installed.filter((root) => this.isWanted(root)),
      ...installed.filter((root) => root.version !== undefined && !this.isWanted(root)),
    ].filter((root, i, all) => all.findIndex((other) => other.path === root.path) === i);
  }

  /** Returns the absolute path of the local file; undefined if no root has it as a file. */
  find(file: string): string | undefined {
    const found = this.locate(file);
    return found?.stored ? undefined : found?.path;
  }

  /** Returns the local file, or the text in a repository or an archive; undefined if no root has it. */
  locate(file: string): FoundSource | undefined {
    if (!this.known.has(file)) this.known.set(file, this.readable(file, this.search(file)));
    return this.known.get(file);
  }

  /**
   * Returns the git repository that contains a source, or the first one that was searched without success; undefined if there is none.
   * Repositories next to the dump or to modules are not used.
   */
  inRepository(file: string): RepositoryFile | undefined {
    const { release, versionText = "" } = this.options;
    if (release === undefined) return undefined;
    const base = mainlineTag(release);
    const tried = [...new Set([...releaseRevisions(release, versionText), ...(base === undefined ? [] : [base])])];
    const tails = tailsOf(posix.normalize(file.replaceAll("\\", "/")));
    let first: RepositoryFile | undefined;
    for (const root of [...this.map.map(([, to]) => rootOf(to, "kernelSource")), ...this.roots]) {
      if (root.why.startsWith("beside") || !isRepository(root)) continue;
      const tree = this.treeOf(root) ?? gitTree(root.path, tried);
      const name = tails.find((tail) => tree?.blob(tail) !== undefined);
      const mainline = base === undefined ? undefined : gitTree(root.path, [base])?.revision;
      const found = { repository: root.path, tried, revision: tree?.revision, name, mainline };
      if (name !== undefined) return found;
      first ??= found;
    }
    return first;
  }

  /**
   * The archive to open: the one that the user named, or without a tree of the dump's kernel the one of its version.
   * Opening it takes long.
   */
  get wantedArchive(): string | undefined {
    if (this.archive) return undefined;
    const { kernelSource = [], installed = INSTALLED, beside = [], release = "", versionText = "" } = this.options;
    const named = kernelSource.find(isArchive);
    if (named !== undefined || this.roots.some((root) => this.isWanted(root) || this.treeOf(root))) return named;
    const candidates = [...beside.map((path) => join(path, "linux-*")), ...installed].flatMap(expand);
    return candidates.find((path) => {
      const version = /^linux-(?:source-)?(\d+\.\d+(?:\.\d+)?)/.exec(posix.basename(path))?.[1];
      const isOf = version !== undefined && `${release} ${versionText}`.split(/[ -]/).some((word) => word === version || word.startsWith(`${version}.`)); // prettier-ignore
      return isOf && isArchive(path) && !isDirectory(path);
    });
  }

  /** Adds an archive. It is searched before installed trees of other versions. */
  addArchive(archive: SourceArchive): void {
    this.archive = archive;
    this.known.clear();
    this.refused.clear();
  }

  /** Tells whether there is a file of this name, but it may not be read. */
  isRefused(file: string): boolean {
    this.locate(file);
    return this.refused.has(file);
  }

  /** Returns what may be read; undefined, with a note in `refused`, if the file on this machine may not. */
  private readable(file: string, found: FoundSource | undefined): FoundSource | undefined {
    const { readable } = this.options;
    if (!found || found.stored || !readable) return found;
    const path = readable(found.path);
    if (path !== undefined) return { path };
    this.refused.add(file);
    return undefined;
  }

  private search(file: string): FoundSource | undefined {
    const path = posix.normalize(file.replaceAll("\\", "/"));
    if (path.includes("\0")) return undefined;
    for (const [from, to] of this.map) {
      const found = below(path, from, to);
      if (found) return { path: found };
    }
    // Try the longest suffix first. A kernel unit's name is relative to the source root, so it is there completely or
    // not at all. A bare name is too ambiguous to be searched for in a kernel tree.
    const modules = (this.options.modules?.() ?? []).map((module) => resolve(module, ".."));
    const tails = tailsOf(path);
    for (const [skip, tail] of tails.entries()) {
      const isWhole = skip === 0 || (posix.isAbsolute(path) && skip < tails.length - 1);
      const found = this.lookFor(tail, isWhole, modules);
      if (found) return found;
    }
    const installed = installedSource(path, this.options.installedBelow ?? INSTALLED_BELOW);
    return installed === undefined ? undefined : { path: installed };
  }

  /**
   * Searches the roots, the modules' directories and the archive for a name; undefined if none has it. @param isWhole
   * whether the name may be that of a file in a kernel tree
   */
  private lookFor(name: string, isWhole: boolean, modules: readonly string[]): FoundSource | undefined {
    const isTree = (root: SourceRoot): boolean => root.version !== undefined || this.treeOf(root) !== undefined;
    const look = (roots: readonly SourceRoot[]): FoundSource | undefined => {
      for (const root of roots) {
        const found = isWhole || !isTree(root) ? this.lookIn(root, name) : undefined;
        if (found) return found;
      }
      return undefined;
    };
    const first = look(this.roots.filter((root) => root.why !== "installed" || this.isWanted(root)));
    if (first) return first;
    for (const directory of modules) {
      const path = within(directory, name);
      if (path !== undefined) return { path };
    }
    const stored = isWhole ? this.archive?.find(name) : undefined;
    return stored ? { stored } : look(this.roots.filter((root) => root.why === "installed" && !this.isWanted(root)));
  }

  private lookIn(root: SourceRoot, name: string): FoundSource | undefined {
    const path = within(root.path, name);
    const tree = this.treeOf(root);
    const blob = tree?.blob(name);
    if (!tree || blob === undefined || (path !== undefined && isBlob(path, blob))) return path ? { path } : undefined;
    const { revision, repository: place } = tree;
    return { stored: { revision, name, place, text: () => tree.text(blob) } };
  }

  /** Returns the tree of the dump's kernel in a root's repository; undefined if it has none. */
  private treeOf(root: SourceRoot): GitTree | undefined {
    const { release, versionText = "" } = this.options;
    if (release === undefined || root.why.startsWith("beside")) return undefined;
    if (!this.trees.has(root))
      this.trees.set(root, isRepository(root) ? gitTree(root.path, releaseRevisions(release, versionText)) : undefined);
    return this.trees.get(root);
  }

  private isWanted({ version }: { readonly version: string | undefined }): boolean {
    return version !== undefined && isVersionOf(version, this.options.release, this.options.versionText);
  }

  /** A sentence for the user about the source tree; undefined if it is the right one, or if the dump's release is not known. */
  get remark(): string | undefined {
    const { release, versionText = "" } = this.options;
    const tree = this.roots.find((root) => root.version !== undefined || this.treeOf(root));
    const archive = this.archive && { path: this.archive.path, version: this.archive.version };
    const used = archive && (!tree || (tree.why === "installed" && !this.isWanted(tree))) ? archive : tree;
    if (!used)
      return `No kernel source tree found${release ? ` for ${release}` : ""}: install the kernel's source package under /usr/src, or name the tree in "kernelSource".`;
    if (release === undefined || this.isWanted(used)) return undefined;
    const revision = used === tree ? this.treeOf(tree)?.revision : undefined;
    if (revision !== undefined)
      return `Sources are shown as of ${revision} of ${used.path}${used.version === undefined ? "" : `, whose work tree is Linux ${used.version}`}.`;
    const hint =
      used === tree && isRepository(tree)
        ? ` Its repository has no ${releaseRevisions(release, versionText).join(", ")}: "git fetch --tags" may bring it.`
        : "";
    return `The source tree ${used.path} is Linux ${used.version ?? "of an unknown version"}, the dump is of ${release}: lines may be off.${hint}`;
  }
}

/** Returns the suffixes of a path, the longest first: a/b/c, b/c, c. */
function tailsOf(path: string): string[] {
  const parts = path.split("/").filter((part) => part !== "" && part !== "." && part !== "..");
  return parts.map((_, skip) => parts.slice(skip).join("/"));
}

const isArchive = (path: string): boolean => ARCHIVE_NAME.test(posix.basename(path));

/** Maps a path below one directory to the same path below another; undefined for other paths. */
function below(path: string, from: string, to: string): string | undefined {
  const prefix = from.endsWith("/") ? from : `${from}/`;
  return path.startsWith(prefix) ? within(to, path.slice(prefix.length)) : undefined;
}

/**
 * Returns the source of a package that was built where it is installed, as DKMS and debugsource packages are; undefined
 * if there is none.
 */
function installedSource(path: string, place: string): string | undefined {
  const [, name, version, rest] = /^\/var\/lib\/dkms\/([^/]+)\/([^/]+)\/build\/(.+)$/.exec(path) ?? [];
  return below(path, INSTALLED_BELOW, place) ?? (rest && within(place, `${name}-${version}/${rest}`));
}
