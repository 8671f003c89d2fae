/** Reads files of a git repository at the revision of a kernel. */
import { attemptSystem } from "../../base/systemError.ts";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { isDirectory, MAX_SOURCE } from "./sourceRoot.ts";
import { wholeFile } from "../../base/file.ts";

/** Limit of one git call in milliseconds. A kernel repository on a slow disk answers in one second. */
const TIMEOUT_MS = 10_000;
/** Limit in bytes of a file that contains a path. */
const MAX_POINTER = 1 << 16;

/**
 * Environment of git. The repository is not trusted: nothing that it configures is run, and nothing is fetched for
 * files that a partial clone lacks. The commands below run neither hooks nor filters.
 */
const ENVIRONMENT = {
  GIT_OPTIONAL_LOCKS: "0",
  GIT_TERMINAL_PROMPT: "0",
  GIT_NO_LAZY_FETCH: "1",
  // Older versions do not support GIT_NO_LAZY_FETCH, and a remote may be a command ("ext::...").
  GIT_ALLOW_PROTOCOL: "none",
  LC_ALL: "C",
};

/** The files that every git command opens in a repository (gitrepository-layout(5)). */
const OPENED = "HEAD config config.worktree commondir gitdir shallow packed-refs info/grafts objects/info/alternates".split(" "); // prettier-ignore

/** Repositories that did not answer in time and are not used again. */
const silent = new Set<string>();

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

/** Whether a directory is the top of a work tree, or a bare repository. */
export const isRepository = (path: string): boolean =>
  existsSync(join(path, ".git")) || ["HEAD", "objects", "refs"].every((name) => existsSync(join(path, name)));

/** Whether the files that git opens first are regular files, because git would block on a FIFO. */
function isOfFiles(repository: string): boolean {
  const top = join(repository, ".git");
  const own = gitDirectory(existsSync(top) ? top : repository);
  const common = own === undefined ? undefined : pointedAt(join(own, "commondir"), own, "");
  return [own, common ?? own].every((directory) => directory !== undefined && OPENED.every((name) => isFileOrNone(join(directory, name)))); // prettier-ignore
}

const isFileOrNone = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isFile() ?? true;

/** Returns the git directory of a work tree. In a linked work tree or a submodule, `.git` is a file that names it. */
const gitDirectory = (path: string): string | undefined =>
  isDirectory(path) ? path : pointedAt(path, dirname(path), "gitdir: ");

/** Returns the directory that a file names after a prefix; undefined if it names none. */
function pointedAt(path: string, from: string, word: string): string | undefined {
  const text = attemptSystem(() => wholeFile(path, MAX_POINTER))?.toString("utf8");
  return text?.startsWith(word) ? resolve(from, text.slice(word.length).trim()) : undefined;
}

/**
 * Returns the tree of the first of these revisions that a repository has. @param revisions result of `releaseRevisions`
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

/** Returns Ubuntu's version. Release 5.15.0-91-generic of upload #101 is tagged 5.15.0-91.101. */
function ubuntuVersion(release: string, version: string): string | undefined {
  const upload = /^#(\d+)(?:~\S+)?-Ubuntu\b/.exec(version)?.[1];
  const abi = /^(\d+\.\d+\.\d+-\d+)-/.exec(release)?.[1];
  return upload && abi ? `${abi}.${upload}` : undefined;
}

/** Returns Linus's tag, which omits a zero: 6.7.0-rc3 is v6.7-rc3, 6.7.0 is v6.7. */
function upstreamTag(text: string): string | undefined {
  const [, base, sub, candidate = ""] = /^(\d+\.\d+)(?:\.(\d+))?(-rc\d+)?/.exec(text) ?? [];
  return base && `v${base}${sub === undefined || sub === "0" ? "" : `.${sub}`}${candidate}`;
}

/** Runs git. Returns its output; undefined if it fails, is not installed or takes too long. */
function git(repository: string, args: readonly string[], input = ""): Buffer | undefined {
  if (silent.has(repository) || !isOfFiles(repository)) return undefined;
  const { status, stdout, error } = spawnSync("git", ["-c", "core.fsmonitor=false", "-C", repository, ...args], {
    env: { ...process.env, ...ENVIRONMENT },
    stdio: ["pipe", "pipe", "ignore"],
    input,
    timeout: TIMEOUT_MS,
    maxBuffer: MAX_SOURCE,
    windowsHide: true,
  });
  if ((error as NodeJS.ErrnoException | undefined)?.code === "ETIMEDOUT") silent.add(repository);
  return status === 0 ? stdout : undefined;
}
