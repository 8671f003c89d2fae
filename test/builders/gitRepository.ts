/** Builds a small git repository with the history of one C file. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

const NOBODY = ["-c", "user.name=nobody", "-c", "user.email=nobody@example.org", "-c", "commit.gpgsign=false"];

/** A git repository in a temporary directory. */
export class GitRepository {
  readonly folder = mkdtempSync(join(tmpdir(), "repository-"));
  readonly path = join(this.folder, "linux");

  constructor() {
    mkdirSync(this.path);
    this.git("init", "--quiet", "--initial-branch=master");
  }

  git(...args: string[]): string {
    return execFileSync("git", [...NOBODY, "-C", this.path, ...args], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }).trim();
  }

  write(name: string, text: string): string {
    const path = join(this.path, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    return path;
  }

  /** Commits everything. @returns the commit's object name */
  commit(message: string): string {
    this.git("add", "--all");
    this.git("commit", "--quiet", "--allow-empty", "-m", message);
    return this.git("rev-parse", "HEAD");
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** A C file with the function `target`, whose body is one statement, between two others. */
export const cFile = (body: string, other = "return 0;"): string =>
  `int target(int arg);\n\nstatic int before(void)\n{\n\t${other}\n}\n\nint target(int arg)\n{\n\t${body}\n}\n\nint after(void)\n{\n\t${other}\n}\n`;

/**
 * A repository with the tags v6.1 and v6.1.192 on the branch linux-6.1.y, and the branch master: v6.1.192 and master
 * each have a commit after v6.1 that changes `target`.
 */
export function kernelRepository(): GitRepository & {
  readonly fix: string;
  readonly backport: string;
  readonly later: string;
} {
  const repository = new GitRepository();
  repository.write("Makefile", "VERSION = 6\nPATCHLEVEL = 1\nSUBLEVEL = 0\n");
  repository.write("kernel/panic.c", "old\n");
  repository.write("kernel/f.c", cFile("return arg;"));
  repository.commit("Linux 6.1");
  repository.git("tag", "v6.1");
  repository.write("kernel/f.c", cFile("return arg + 1;"));
  const fix = repository.commit("f: fix the first bug");
  repository.write("kernel/f.c", cFile("return arg + 1;", "return 1;"));
  repository.commit("f: change the other functions");
  repository.write("kernel/f.c", cFile("return arg + 2;", "return 1;"));
  const later = repository.commit("f: fix the second bug");
  repository.git("checkout", "--quiet", "-b", "linux-6.1.y", "v6.1");
  repository.write("kernel/f.c", cFile("return arg + 1;"));
  const backport = repository.commit(`f: fix the first bug\n\ncommit ${fix} upstream.\n\nText.`);
  repository.git("tag", "v6.1.192");
  repository.git("checkout", "--quiet", "master");
  return Object.assign(repository, { fix, backport, later });
}
