/** Pipes where files are expected, in directories that may be anybody's. A test that fails here hangs. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { builtModules } from "../../src/session/find/builtModules.ts";
import { placesOf } from "../../src/session/find/debuginfoPlaces.ts";
import { withoutPackages } from "../../src/session/fetch/packages.ts";
import { gitTree } from "../../src/session/sources/git.ts";
import { SourceFiles } from "../../src/session/sources/source.ts";
import { rootOf } from "../../src/session/sources/sourceRoot.ts";

let folder: string;
before(() => (folder = mkdtempSync(join(tmpdir(), "special-"))));
after(() => rmSync(folder, { recursive: true, force: true }));

const skip = process.platform === "win32";

function pipe(...parts: string[]): string {
  const path = join(folder, ...parts);
  mkdirSync(dirname(path), { recursive: true });
  execFileSync("mkfifo", [path]);
  return path;
}

test("a tree whose Makefile is a pipe is not used as a kernel tree", { skip }, () => {
  pipe("tree", "Makefile");
  mkdirSync(join(folder, "tree/kernel"));
  writeFileSync(join(folder, "tree/kernel/panic.c"), "");
  assert.equal(rootOf(join(folder, "tree"), "workspace").version, undefined);
});

test("no modules are found in a tree whose modules.order is a pipe", { skip }, () => {
  pipe("built", "modules.order");
  assert.deepEqual(builtModules(join(folder, "built")), []);
});

test("a source that is a pipe is not found", { skip }, () => {
  pipe("sources", "drivers", "a.c");
  assert.equal(
    new SourceFiles({ kernelSource: [join(folder, "sources")], installed: [] }).find("drivers/a.c"),
    undefined,
  );
});

test("git is not run in a repository in which one of git's files is a pipe", { skip }, () => {
  const repository = join(folder, "repository");
  execFileSync("git", ["init", "-q", repository]);
  const commit = ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "--allow-empty", "-m", "one"];
  execFileSync("git", ["-C", repository, ...commit]);
  assert.ok(gitTree(repository, ["HEAD"]));
  for (const name of ["config", "HEAD", "objects/info/alternates"]) {
    const copy = join(folder, `copy-${name.replaceAll("/", "-")}`);
    cpSync(repository, copy, { recursive: true });
    rmSync(join(copy, ".git", name), { force: true });
    execFileSync("mkfifo", [join(copy, ".git", name)]);
    assert.equal(gitTree(copy, ["HEAD", "main", "master"]), undefined, name);
  }
});

test("git is not run again in a repository in which it did not answer in time", { skip }, () => {
  const repository = join(folder, "silent");
  execFileSync("git", ["init", "-q", repository]);
  const included = pipe("included");
  writeFileSync(join(repository, ".git/config"), `[include]\n\tpath = ${included}\n`, { flag: "a" });
  const start = performance.now();
  assert.equal(gitTree(repository, ["v1", "v2", "v3", "v4"]), undefined);
  assert.ok(performance.now() - start < 18_000);
});

test("a pipe next to the dump with the name of a package is skipped with a remark", { skip }, async () => {
  const vmcore = join(folder, "beside", "vmcore");
  const path = pipe("beside", "linux-image-dbg_1.deb");
  cpSync("sample/vmcore", vmcore);
  const search = placesOf([vmcore], [], { HOME: folder, XDG_CACHE_HOME: folder });
  const { remarks } = await withoutPackages({ vmcore: [vmcore], search }, join(folder, "cache"), {});
  assert.deepEqual(remarks, [`${path}: is not a regular file or a block device`]);
});
