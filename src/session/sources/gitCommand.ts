/** Runs git on a repository that is not trusted: nothing that the repository configures is executed. */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, realpathSync, statSync } from "node:fs";
import { delimiter, dirname, join, resolve } from "node:path";
import { isDirectory, wholeFile } from "../../base/file.ts";
import { attemptSystem } from "../../base/systemError.ts";
import { MAX_SOURCE } from "./sourceRoot.ts";

/** Maximum duration of one synchronous git call in milliseconds. A kernel repository on a slow disk answers in one second. */
const TIMEOUT_MS = 10_000;
/** Maximum size in bytes of a file that contains a path. */
const MAX_POINTER = 1 << 16;
/** Maximum length in characters of one line of output, and of the error message. */
const MAX_LINE = 1 << 16;

/** The files that every git command opens in a repository (gitrepository-layout(5)). */
const OPENED = "HEAD config config.worktree commondir gitdir shallow packed-refs info/grafts objects/info/alternates".split(" "); // prettier-ignore

/** Variables of git's environment that are kept: where git is installed, and the user's own configuration. */
const KEPT: ReadonlySet<string> = new Set(["GIT_EXEC_PATH", "GIT_CONFIG_GLOBAL"]);

/**
 * Configuration that takes precedence over the repository's (git-config(1)). The commands used here run no hooks, no
 * filters and no signature checks; they are disabled here too.
 */
const CONFIGURATION = [
  "core.fsmonitor=false",
  "core.hooksPath=/dev/null",
  "core.attributesFile=/dev/null",
  "core.pager=cat",
  "core.sshCommand=false",
  "gpg.program=false",
  "log.showSignature=false",
  "log.mailmap=false",
  "protocol.allow=never",
  "submodule.recurse=false",
].flatMap((one) => ["-c", one]);

/** Repositories that did not answer in time and are not used again. */
const unresponsive = new Set<string>();

/** Runs git. Returns its output; undefined if it fails, is not installed or takes too long. */
export function git(repository: string, args: readonly string[], input = ""): Buffer | undefined {
  if (unresponsive.has(repository) || !isOfFiles(repository)) return undefined;
  const { status, stdout, error } = spawnSync("git", [...optionsFor(repository), ...args], {
    env: environmentFor(repository),
    stdio: ["pipe", "pipe", "ignore"],
    input,
    timeout: TIMEOUT_MS,
    maxBuffer: MAX_SOURCE,
    windowsHide: true,
  });
  if ((error as NodeJS.ErrnoException | undefined)?.code === "ETIMEDOUT") unresponsive.add(repository);
  return status === 0 ? stdout : undefined;
}

/** How a git command ended. */
export type GitEnd =
  | { readonly kind: "done" }
  /** The command was stopped through the signal. */
  | { readonly kind: "stopped" }
  /** @property why the first line of git's message */
  | { readonly kind: "failed"; readonly why: string };

/**
 * Runs git and passes its output on line by line. The system's configuration of git is not read. Never rejects.
 * @param onLine receives each line of the output, without its newline, at most `MAX_LINE` characters of it
 */
export function gitLines(
  repository: string,
  args: readonly string[],
  signal: AbortSignal,
  onLine: (line: string) => void,
): Promise<GitEnd> {
  if (signal.aborted) return Promise.resolve({ kind: "stopped" });
  if (!isOfFiles(repository)) return Promise.resolve({ kind: "failed", why: "its git directory cannot be read" });
  return new Promise((settle) => {
    const child = spawn("git", [...optionsFor(repository), ...args], {
      env: { ...environmentFor(repository), GIT_CONFIG_NOSYSTEM: "1" },
      stdio: ["ignore", "pipe", "pipe"],
      windowsHide: true,
    });
    const stop = (): void => void child.kill("SIGKILL");
    signal.addEventListener("abort", stop);
    const end = (result: GitEnd): void => {
      signal.removeEventListener("abort", stop);
      settle(signal.aborted ? { kind: "stopped" } : result);
    };
    let errors = "";
    const lines = lineSplitter(onLine);
    child.stdout.setEncoding("utf8").on("data", (text: string) => lines.add(text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (errors = (errors + text).slice(0, MAX_LINE)));
    child.on("error", (error) => end({ kind: "failed", why: error.message }));
    child.on("close", (status) => {
      lines.end();
      const [why = ""] = errors.split("\n");
      end(status === 0 ? { kind: "done" } : { kind: "failed", why: why.replace(/^(fatal|error): /, "") });
    });
  });
}

/** Splits text that arrives in pieces into lines. */
function lineSplitter(onLine: (line: string) => void): { add(text: string): void; end(): void } {
  let rest = "";
  return {
    add(text) {
      const lines = (rest + text).split("\n");
      rest = (lines.pop() ?? "").slice(0, MAX_LINE);
      for (const line of lines) onLine(line.slice(0, MAX_LINE));
    },
    end() {
      if (rest !== "") onLine(rest);
    },
  };
}

/**
 * Returns the options before the command. In a directory with `.git`, git may not take the directory itself for a bare
 * repository, because its files may have been checked out from another repository (git-config(1), safe.bareRepository).
 */
const optionsFor = (repository: string): string[] => [
  "--no-pager",
  ...CONFIGURATION,
  ...(existsSync(join(repository, ".git")) ? ["-c", "safe.bareRepository=explicit"] : []),
  "-C",
  repository,
];

/**
 * Returns the environment of git. The user's variables for git, such as GIT_DIR and GIT_EXTERNAL_DIFF, are for other
 * uses. No repository above the directory is used.
 */
const environmentFor = (repository: string): NodeJS.ProcessEnv => ({
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("GIT_") || KEPT.has(name))),
  GIT_CEILING_DIRECTORIES: [repository, attemptSystem(() => realpathSync(repository)) ?? repository]
    .map((path) => dirname(path))
    .join(delimiter),
  GIT_ATTR_NOSYSTEM: "1",
  GIT_OPTIONAL_LOCKS: "0",
  GIT_TERMINAL_PROMPT: "0",
  // Do not fetch what a partial clone lacks.
  GIT_NO_LAZY_FETCH: "1",
  // Older versions do not support GIT_NO_LAZY_FETCH, and a remote may be a command ("ext::...").
  GIT_ALLOW_PROTOCOL: "none",
  LC_ALL: "C",
});

/** Whether the files that git opens first are regular files, because git would block on a FIFO. */
function isOfFiles(repository: string): boolean {
  const top = join(repository, ".git");
  const own = gitDirectory(existsSync(top) ? top : repository);
  const common = own === undefined ? undefined : pointedAt(join(own, "commondir"), own, "");
  return [own, common ?? own].every((directory) => directory !== undefined && OPENED.every((name) => isFileOrNone(join(directory, name)))); // prettier-ignore
}

const isFileOrNone = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isFile() ?? true;

/**
 * Returns the git directory of a work tree; undefined if there is none. In a linked work tree or a submodule, `.git` is
 * a file that names it.
 */
const gitDirectory = (path: string): string | undefined =>
  isDirectory(path) ? path : pointedAt(path, dirname(path), "gitdir: ");

/** Returns the directory that a file names after a prefix; undefined if it names none. */
function pointedAt(path: string, from: string, word: string): string | undefined {
  const text = attemptSystem(() => wholeFile(path, MAX_POINTER))?.toString("utf8");
  return text?.startsWith(word) ? resolve(from, text.slice(word.length).trim()) : undefined;
}
