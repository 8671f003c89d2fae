/** Each trap is a program that a repository configures; it writes a marker if it is run. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, existsSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { drive } from "../../../src/base/job.ts";
import type { LaterCommits } from "../../../src/crash/language/laterCommits.ts";
import { laterCommitsIn } from "../../../src/session/sources/laterCommits.ts";
import { SourceFiles, type SourceOptions } from "../../../src/session/sources/source.ts";
import { GitRepository, kernelRepository } from "../../builders/gitRepository.ts";

type Repository = ReturnType<typeof kernelRepository>;

let original: Repository;
before(() => (original = kernelRepository()));
after(() => original.remove());

/** A fresh copy of a repository with two commits that change the function. */
function freshRepository(): Repository {
  const { fix, backport, later } = original;
  const repository = Object.assign(new GitRepository(), { fix, backport, later });
  rmSync(repository.path, { recursive: true });
  cpSync(original.path, repository.path, { recursive: true });
  return repository;
}

interface Trap {
  readonly name: string;
  /** Changes the repository so that some use of git runs `program`. */
  readonly set: (repository: Repository, program: string) => void;
  /** Arguments of a plain git that does run it: the test can fail. */
  readonly springs?: (repository: Repository) => readonly string[];
  /** Number of commits that are found nevertheless; undefined if git may refuse the repository. */
  readonly finds?: number;
}

const config = (repository: Repository, name: string, value: string): void =>
  void repository.git("config", name, value);

/** A blob that is in no commit's parents is missing, and a remote would fetch it. */
function loseBlob(repository: Repository, revision: string): void {
  const blob = repository.git("rev-parse", `${revision}:kernel/f.c`);
  rmSync(join(repository.path, ".git/objects", blob.slice(0, 2), blob.slice(2)), { force: true });
}

function promisor(repository: Repository, url: string): void {
  config(repository, "core.repositoryformatversion", "1");
  config(repository, "extensions.partialClone", "origin");
  config(repository, "remote.origin.url", url);
  config(repository, "remote.origin.promisor", "true");
  config(repository, "protocol.ext.allow", "always");
}

const traps: readonly Trap[] = [
  {
    name: "a text converter (textconv) for C files",
    set(repository, program) {
      writeFileSync(join(repository.path, ".git/info/attributes"), "*.c diff=trap\n");
      repository.write(".gitattributes", "*.c diff=trap\n");
      config(repository, "diff.trap.textconv", program);
    },
    springs: () => ["log", "-p", "-1", "--textconv"],
    finds: 2,
  },
  {
    name: "an external diff of C files",
    set(repository, program) {
      writeFileSync(join(repository.path, ".git/info/attributes"), "*.c diff=trap\n");
      config(repository, "diff.trap.command", program);
    },
    springs: () => ["diff", "HEAD~1"],
    finds: 2,
  },
  {
    name: "an external diff of all files",
    set: (repository, program) => config(repository, "diff.external", program),
    springs: () => ["diff", "HEAD~1"],
    finds: 2,
  },
  {
    name: "a pager",
    set(repository, program) {
      config(repository, "core.pager", program);
      config(repository, "pager.log", program);
      config(repository, "pager.cat-file", program);
      config(repository, "pager.for-each-ref", program);
    },
    springs: () => ["-p", "-c", "core.pager=true", "log", "-1"],
    finds: 2,
  },
  {
    name: "a file system monitor",
    set: (repository, program) => config(repository, "core.fsmonitor", program),
    springs: () => ["status"],
    finds: 2,
  },
  {
    name: "hooks",
    set(repository, program) {
      const hooks = join(repository.path, ".git/hooks");
      mkdirSync(hooks, { recursive: true });
      for (const hook of [
        "post-checkout",
        "post-index-change",
        "reference-transaction",
        "pre-auto-gc",
        "fsmonitor-watchman",
      ])
        cpSync(program, join(hooks, hook));
    },
    springs: () => ["checkout", "-q", "-b", "another"],
    finds: 2,
  },
  {
    name: "a hooks directory",
    set(repository, program) {
      repository.write("hooks/post-checkout", "");
      cpSync(program, join(repository.path, "hooks/post-checkout"));
      config(repository, "core.hooksPath", "hooks");
    },
    springs: () => ["checkout", "-q", "-b", "another"],
    finds: 2,
  },
  {
    name: "a program that checks signatures",
    set(repository, program) {
      config(repository, "gpg.program", program);
      config(repository, "gpg.ssh.program", program);
      config(repository, "gpg.x509.program", program);
      config(repository, "log.showSignature", "true");
      const tree = repository.git("rev-parse", "HEAD^{tree}");
      const head = repository.git("rev-parse", "HEAD");
      const signed = `tree ${tree}\nparent ${head}\nauthor a <a> 1 +0000\ncommitter a <a> 1 +0000\ngpgsig -----BEGIN PGP SIGNATURE-----\n \n abc\n -----END PGP SIGNATURE-----\n\nsigned\n`;
      const file = repository.write(".git/signed", signed);
      repository.git("reset", "-q", "--soft", repository.git("hash-object", "-t", "commit", "-w", file));
    },
    springs: () => ["log", "-1"],
    finds: 2,
  },
  {
    name: "aliases of the commands that are used",
    set(repository, program) {
      for (const name of ["log", "cat-file", "for-each-ref", "rev-parse", "trap"])
        config(repository, `alias.${name}`, `!${program}`);
    },
    springs: () => ["trap"],
    finds: 2,
  },
  {
    name: "a remote of a partial clone that is a command",
    set(repository, program) {
      promisor(repository, `ext::${program}`);
      loseBlob(repository, repository.later);
    },
    springs: ({ later }) => ["cat-file", "blob", `${later}:kernel/f.c`],
  },
  {
    name: "a program for ssh",
    set(repository, program) {
      promisor(repository, "ssh://nowhere.invalid/x");
      config(repository, "core.sshCommand", program);
      loseBlob(repository, repository.later);
    },
    springs: ({ later }) => ["cat-file", "blob", `${later}:kernel/f.c`],
  },
  {
    name: "a configuration that is included",
    set(repository, program) {
      const file = repository.write(".git/more", `[core]\n\tfsmonitor = ${program}\n[diff]\n\texternal = ${program}\n`);
      config(repository, "include.path", file);
    },
    springs: () => ["diff", "HEAD~1"],
    finds: 2,
  },
  {
    name: "filters of files",
    set(repository, program) {
      repository.write(".gitattributes", "* filter=trap\n");
      writeFileSync(join(repository.path, ".git/info/attributes"), "* filter=trap\n");
      for (const name of ["clean", "smudge", "process"]) config(repository, `filter.trap.${name}`, program);
      repository.write("kernel/panic.c", "changed\n");
    },
    springs: () => ["add", "kernel/panic.c"],
    finds: 2,
  },
  {
    name: "a git directory that is a symbolic link",
    set(repository, program) {
      config(repository, "core.fsmonitor", program);
      config(repository, "diff.external", program);
      renameSync(join(repository.path, ".git"), join(repository.folder, "elsewhere"));
      symlinkSync("../elsewhere", join(repository.path, ".git"));
    },
    springs: () => ["diff", "HEAD~1"],
    finds: 2,
  },
  {
    name: "submodules",
    set(repository, program) {
      const sub = join(repository.path, "kernel/sub");
      mkdirSync(sub, { recursive: true });
      const inSub = (...args: string[]) => spawnSync("git", ["-C", sub, ...args], { stdio: "ignore" });
      inSub("init", "-q");
      writeFileSync(join(sub, "file"), "text\n");
      inSub("add", "file");
      inSub("-c", "user.name=a", "-c", "user.email=a", "commit", "-q", "-m", "sub");
      inSub("config", "core.fsmonitor", program);
      inSub("config", "diff.external", program);
      repository.write(".gitmodules", `[submodule "sub"]\n\tpath = kernel/sub\n\turl = ./x\n\tupdate = !${program}\n`);
      repository.commit("add a submodule");
      config(repository, "submodule.recurse", "true");
      config(repository, "diff.submodule", "diff");
    },
    springs: () => ["-C", "kernel/sub", "status"],
    finds: 2,
  },
  {
    name: "a program for passwords and one for credentials",
    set(repository, program) {
      promisor(repository, "http://127.0.0.1:1/x");
      config(repository, "core.askPass", program);
      config(repository, "credential.helper", `!${program}`);
      loseBlob(repository, repository.later);
    },
  },
  {
    name: "other work trees and alternates",
    set(repository, program) {
      config(repository, "core.alternateRefsCommand", program);
      config(repository, "core.worktree", repository.folder);
      config(repository, "uploadpack.packObjectsHook", program);
    },
  },
];

function search(path: string, more: SourceOptions = { kernelSource: [path] }): Promise<LaterCommits> {
  const files = new SourceFiles({ installed: [], release: "6.1.192", ...more });
  const target = { function: "target", file: "kernel/f.c" };
  return drive(laterCommitsIn(() => files)(target, 20), new AbortController().signal);
}

/** Creates a program that writes the marker. */
function program(repository: Repository): { readonly path: string; readonly marker: string } {
  const marker = join(repository.folder, "marker");
  const path = join(repository.folder, "program");
  writeFileSync(path, `#!/bin/sh\necho run >>${marker}\nexit 1\n`);
  chmodSync(path, 0o755);
  return { path, marker };
}

for (const { name, set, springs, finds } of traps) {
  test(`${name}: no program of the repository is run`, async () => {
    const repository = freshRepository();
    try {
      const { path, marker } = program(repository);
      set(repository, path);
      // Setting a trap may have sprung it.
      rmSync(marker, { force: true });
      const { commits } = await search(repository.path);
      assert.equal(existsSync(marker), false);
      if (finds !== undefined) assert.equal(commits.length, finds);
      if (!springs) return;
      const env = { ...process.env, GIT_PAGER_IN_USE: "0" };
      spawnSync("git", ["-C", repository.path, ...springs(repository)], { env, stdio: "ignore" });
      if (name !== "a pager") assert.ok(existsSync(marker), "the trap works");
    } finally {
      repository.remove();
    }
  });
}

test("a bare repository among the files of an open folder is not used", async () => {
  const repository = freshRepository();
  try {
    const { path, marker } = program(repository);
    config(repository, "core.fsmonitor", path);
    config(repository, "diff.external", path);
    const bare = join(repository.folder, "bare");
    cpSync(join(repository.path, ".git"), bare, { recursive: true });
    for (const name of ["Makefile", "kernel"])
      cpSync(join(repository.path, name), join(bare, name), { recursive: true });
    const { commits, remarks } = await search(bare, { workspace: [bare] });
    assert.deepEqual(commits, []);
    assert.match(remarks[0] ?? "", /is not a git repository/);
    // With a .git that git does not take, the files beside it are not used in its place.
    mkdirSync(join(bare, ".git"));
    assert.deepEqual((await search(bare, { workspace: [bare] })).commits, []);
    assert.equal(existsSync(marker), false);
    // The user named this one.
    assert.equal((await search(repository.path)).commits.length, 2);
  } finally {
    repository.remove();
  }
});

test("a repository that belongs to another user is refused, as git does", async (t) => {
  if (process.getuid?.() !== 0) return t.skip("only root can give a directory to another user");
  const repository = freshRepository();
  try {
    spawnSync("chown", ["-R", "12345:12345", repository.path]);
    const { commits, remarks } = await search(repository.path);
    assert.deepEqual(commits, []);
    assert.equal(remarks.length, 1);
  } finally {
    repository.remove();
  }
});

test("a repository next to the dump is not used, because the author of the dump may have made it", async () => {
  const repository = freshRepository();
  const { commits, remarks } = await search(repository.path, { beside: [repository.path] });
  repository.remove();
  assert.deepEqual(commits, []);
  assert.match(remarks[0] ?? "", /is not a git repository/);
});

test("the folders of an untrusted workspace are not passed on, and no program is run", async () => {
  const repository = freshRepository();
  const { remarks } = await search(repository.path, { workspace: [] });
  repository.remove();
  assert.match(remarks[0] ?? "", /is not a git repository/);
});

test("variables of the user's environment do not select another repository or program for git", async () => {
  const repository = freshRepository();
  const { path, marker } = program(repository);
  const given = { GIT_DIR: "/nowhere", GIT_EXTERNAL_DIFF: path, GIT_PAGER: path, GIT_SSH_COMMAND: path, GIT_TRACE: join(repository.folder, "trace") }; // prettier-ignore
  Object.assign(process.env, given);
  try {
    assert.equal((await search(repository.path)).commits.length, 2);
    assert.equal(existsSync(marker), false);
    assert.equal(existsSync(given.GIT_TRACE), false);
  } finally {
    for (const name of Object.keys(given)) Reflect.deleteProperty(process.env, name);
    repository.remove();
  }
});
