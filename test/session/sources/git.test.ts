import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { releaseRevisions } from "../../../src/session/sources/git.ts";
import { SourceFiles } from "../../../src/session/sources/source.ts";

let folder: string;
let tree: string;
const NOBODY = ["-c", "user.name=nobody", "-c", "user.email=nobody@example.org", "-c", "commit.gpgsign=false"];
const git = (...args: string[]): string =>
  execFileSync("git", [...NOBODY, "-C", tree, ...args], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });

function write(name: string, text: string): void {
  mkdirSync(dirname(join(tree, name)), { recursive: true });
  writeFileSync(join(tree, name), text);
}

const makefile = (sub: number): string => `VERSION = 6\nPATCHLEVEL = 1\nSUBLEVEL = ${sub}\nEXTRAVERSION =\n`;

before(() => {
  folder = mkdtempSync(join(tmpdir(), "git-"));
  tree = join(folder, "linux");
  mkdirSync(tree);
  git("init", "--quiet");
  write("Makefile", makefile(192));
  write("kernel/panic.c", "old\n");
  write("kernel/exit.c", "same\n");
  write("kernel/gone.c", "gone\n");
  git("add", ".");
  git("commit", "--quiet", "-m", "Linux 6.1.192");
  git("tag", "v6.1.192");
  write("Makefile", makefile(193));
  write("kernel/panic.c", "new\n");
  rmSync(join(tree, "kernel/gone.c"));
  write("kernel/later.c", "later\n");
  git("add", "--all");
  git("commit", "--quiet", "-m", "Linux 6.1.193");
});
after(() => rmSync(folder, { recursive: true, force: true }));

const debian = { release: "6.1.0-56-cloud-amd64", versionText: "#1 SMP Debian 6.1.192-2 (2026-08-01)" };
const sources = (): SourceFiles => new SourceFiles({ kernelSource: [tree], installed: [], ...debian });

test("a file that has changed since the dump's release is shown as it was", () => {
  const found = sources().locate("kernel/panic.c");
  assert.ok(found?.stored);
  assert.equal(found.stored.text(), "old\n");
  assert.equal(found.stored.revision, "v6.1.192");
  assert.equal(sources().locate("/build/linux-6.1.192/kernel/gone.c")?.stored?.text(), "gone\n");
});

test("a file that has not changed, or that the release did not have, is shown from disk", () => {
  assert.equal(sources().find("kernel/exit.c"), join(tree, "kernel/exit.c"));
  assert.equal(sources().find("kernel/later.c"), join(tree, "kernel/later.c"));
  assert.equal(sources().locate("kernel/never.c"), undefined);
});

test("the difference between work tree and release is reported once, and the work tree is not changed", () => {
  const before = git("status", "--porcelain") + git("rev-parse", "HEAD");
  assert.equal(sources().remark, `Sources are shown as of v6.1.192 of ${tree}, whose work tree is Linux 6.1.193.`);
  sources().locate("kernel/panic.c");
  assert.equal(git("status", "--porcelain") + git("rev-parse", "HEAD"), before);
  assert.equal(readFileSync(join(tree, "kernel/panic.c"), "utf8"), "new\n");
});

test("a repository without a work tree serves as well", () => {
  const bare = join(folder, "linux.git");
  git("clone", "--quiet", "--bare", tree, bare);
  const files = new SourceFiles({ kernelSource: [bare], installed: [], ...debian });
  assert.equal(files.locate("kernel/panic.c")?.stored?.text(), "old\n");
  assert.match(files.remark ?? "", /as of v6\.1\.192 of .*linux\.git\.$/);
});

test("a repository without the tag of the release is used as a tree, and the missing tag is named", () => {
  const files = new SourceFiles({ kernelSource: [tree], installed: [], release: "6.1.180" });
  assert.equal(files.find("kernel/panic.c"), join(tree, "kernel/panic.c"));
  assert.match(files.remark ?? "", /is Linux 6\.1\.193, the dump is of 6\.1\.180.*no v6\.1\.180: "git fetch --tags"/);
});

test('paths with "..", and revisions hidden in them, find no file', () => {
  for (const path of ["../outside", "kernel/../../outside", "--output=x", "HEAD:kernel/panic.c", ":/", "kernel"])
    assert.equal(sources().locate(path), undefined, path);
});

test("git runs no program that a repository configures", () => {
  const trap = join(folder, "trapped");
  git("config", "core.fsmonitor", `touch ${trap}; false`);
  git("config", "diff.external", `touch ${trap}; false`);
  assert.equal(sources().locate("kernel/panic.c")?.stored?.text(), "old\n");
  assert.throws(() => readFileSync(trap), /ENOENT/);
});

test("releases of distributions are mapped to their tags, then to the tag of the kernel that they are based on", () => {
  const of = (release: string, version = ""): string[] => releaseRevisions(release, version);
  assert.deepEqual(of("6.1.0-56-cloud-amd64", debian.versionText), ["debian/6.1.192-2", "v6.1.192"]);
  assert.deepEqual(of("5.15.0-91-generic", "#101-Ubuntu SMP Tue Nov 14"), ["Ubuntu-5.15.0-91.101", "v5.15"]);
  assert.deepEqual(of("6.5.6-300.fc39.x86_64"), ["kernel-6.5.6-300.fc39", "v6.5.6"]);
  assert.deepEqual(of("5.14.0-503.el9.x86_64+rt"), ["kernel-5.14.0-503.el9", "v5.14"]);
  assert.deepEqual(of("6.7.0-rc3"), ["v6.7-rc3"]);
  assert.deepEqual(of("6.9.0-rc1-00042-g0123456789ab-dirty"), ["0123456789ab", "v6.9-rc1"]);
  assert.deepEqual(of("custom"), []);
});

test("git runs no program for a file that the repository lacks", () => {
  const partial = join(folder, "partial");
  execFileSync("git", ["clone", "-q", "--bare", tree, partial], { stdio: "ignore" });
  const blob = git("rev-parse", "v6.1.192:kernel/panic.c").trim();
  rmSync(join(partial, "objects", blob.slice(0, 2), blob.slice(2)), { force: true });
  const run = join(folder, "was-run");
  writeFileSync(
    join(partial, "config"),
    `[core]\n\trepositoryformatversion = 1\n\tbare = true\n[extensions]\n\tpartialClone = origin\n[remote "origin"]\n\turl = ext::touch ${run}\n\tpromisor = true\n[protocol "ext"]\n\tallow = always\n`,
  );
  const files = new SourceFiles({ kernelSource: [partial], installed: [], ...debian });
  assert.equal(files.locate("kernel/panic.c")?.stored?.text(), undefined);
  assert.equal(files.locate("kernel/exit.c")?.stored?.text(), "same\n");
  assert.ok(!existsSync(run));
  // The same without what we set does run it: the test can fail.
  const env = { ...process.env, GIT_NO_LAZY_FETCH: "0" };
  spawnSync("git", ["-C", partial, "cat-file", "blob", blob], { env, stdio: "ignore" });
  assert.ok(existsSync(run));
});
