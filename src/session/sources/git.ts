/** Reads files of a git repository at the revision of a kernel. */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { wholeFile } from "../../base/file.ts";
import { git } from "./gitCommand.ts";
import { MAX_SOURCE, type SourceRoot } from "./sourceRoot.ts";

/** The tree of one commit of a repository, whatever is checked out. */
export class GitTree {
  readonly repository: string;
  /** The tag or commit. */
  readonly revision: string;

  constructor(repository: string, revision: string) {
    this.repository = repository;
    this.revision = revision;
  }

  /** Returns the object name of a file; undefined if the tree has no such file. @param name relative, normalized */
  blob(name: string): string | undefined {
    if (name.includes("\n")) return undefined;
    const answer = git(this.repository, ["cat-file", "--batch-check"], `${this.revision}:${name}\n`);
    return /^([0-9a-f]{40}|[0-9a-f]{64}) blob \d+$/.exec(answer?.toString("latin1").trim() ?? "")?.[1];
  }

  /** Returns a file's text; undefined if git fails. @param blob result of `blob` */
  text(blob: string): string | undefined {
    return git(this.repository, ["cat-file", "blob", blob])?.toString("utf8");
  }
}

/**
 * Whether a directory is the top of a work tree, or a bare repository that the user named. A bare repository in an open
 * folder may have been checked out from another repository.
 */
export const isRepository = ({ path, why }: Pick<SourceRoot, "path" | "why">): boolean =>
  existsSync(join(path, ".git")) ||
  (why === "kernelSource" && ["HEAD", "objects", "refs"].every((name) => existsSync(join(path, name))));

/**
 * Returns the tree of the first of these revisions that a repository has; undefined if it has none. @param revisions
 * result of `releaseRevisions`
 */
export function gitTree(repository: string, revisions: readonly string[]): GitTree | undefined {
  const found = revisions.find((revision) =>
    git(repository, ["rev-parse", "--quiet", "--verify", `${revision}^{commit}`]),
  );
  return found === undefined ? undefined : new GitTree(repository, found);
}

/** Whether a file on disk has the same bytes as a blob (gitformat-loose(5): "blob", the length, a NUL, the bytes). */
export function isBlob(path: string, blob: string): boolean {
  const bytes = wholeFile(path, MAX_SOURCE);
  const hash = createHash(blob.length === 64 ? "sha256" : "sha1");
  return hash.update(`blob ${bytes.length}\0`).update(bytes).digest("hex") === blob;
}

/**
 * Returns the tags and commits that a kernel of this release may have been built from, the most certain first.
 * @param release `uname -r` @param version `uname -v`
 */
export function releaseRevisions(release: string, version: string): string[] {
  const revisions: (string | undefined)[] = [
    // scripts/setlocalversion appends the commit: 6.9.0-rc1-00042-g0123456789ab.
    /-g([0-9a-f]{7,40})(?![0-9a-f])/.exec(release)?.[1],
    tagged("debian/", /\bDebian (\d[\w.+~-]*)/.exec(version)?.[1]?.replaceAll("~", "_")),
    tagged("Ubuntu-", ubuntuVersion(release, version)),
    // Fedora and CentOS Stream tag the version and release of the package.
    tagged("kernel-", /^(\d[\w.]*-\d[\w.]*\.(?:fc|el)\d+\w*)/.exec(release)?.[1]),
    upstreamTag(/\bDebian (\d+\.\d+(?:\.\d+)?(?:~rc\d+)?)/.exec(version)?.[1]?.replace("~", "-") ?? release),
  ];
  return [...new Set(revisions.filter((one) => one !== undefined))];
}

const tagged = (prefix: string, rest: string | undefined): string | undefined =>
  rest === undefined ? undefined : prefix + rest;

/**
 * Returns Ubuntu's version; undefined for other kernels. Release 5.15.0-91-generic of upload #101 is tagged
 * 5.15.0-91.101.
 */
function ubuntuVersion(release: string, version: string): string | undefined {
  const upload = /^#(\d+)(?:~\S+)?-Ubuntu\b/.exec(version)?.[1];
  const abi = /^(\d+\.\d+\.\d+-\d+)-/.exec(release)?.[1];
  return upload && abi ? `${abi}.${upload}` : undefined;
}

/**
 * Returns Linus's tag, which omits a zero: 6.7.0-rc3 is v6.7-rc3, 6.7.0 is v6.7. Undefined for text without a version.
 */
function upstreamTag(text: string): string | undefined {
  const [, base, sub, candidate = ""] = /^(\d+\.\d+)(?:\.(\d+))?(-rc\d+)?/.exec(text) ?? [];
  return base && `v${base}${sub === undefined || sub === "0" ? "" : `.${sub}`}${candidate}`;
}

/**
 * Returns Linus's tag of the release that a stable release is based on: v6.1 for 6.1.192. Undefined for a release
 * candidate, which precedes that tag.
 */
export function mainlineTag(release: string): string | undefined {
  const base = /^(\d+\.\d+)(?!\d)(?!.*-rc\d)/.exec(release)?.[1];
  return base === undefined ? undefined : `v${base}`;
}
