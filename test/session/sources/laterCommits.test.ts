import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { after, before, test } from "node:test";
import { Cancelled, drive } from "../../../src/base/job.ts";
import type { LaterCommits, SourceFunction } from "../../../src/crash/language/laterCommits.ts";
import { laterCommitsIn } from "../../../src/session/sources/laterCommits.ts";
import { lineText } from "../../../src/say/piece.ts";
import { fixesLines } from "../../../src/crash/commands/system/analyze/fixes.ts";
import { restWords } from "../../../src/panels/verdict/fixesWords.ts";
import { SourceFiles } from "../../../src/session/sources/source.ts";
import { cFile, type GitRepository, kernelRepository } from "../../builders/gitRepository.ts";

const debian = { release: "6.1.0-56-cloud-amd64", versionText: "#1 SMP Debian 6.1.192-2 (2026-08-01)" };
const target = { function: "target", file: "/build/linux-6.1.192/kernel/f.c" };

let repository: ReturnType<typeof kernelRepository>;
before(() => (repository = kernelRepository()));
after(() => repository.remove());

function search(
  { path }: Pick<GitRepository, "path">,
  place: SourceFunction = target,
  {
    limit = 20,
    signal = new AbortController().signal,
    of = debian,
    stop,
  }: { limit?: number; signal?: AbortSignal; stop?: AbortSignal; of?: { release: string; versionText?: string } } = {},
): Promise<LaterCommits> {
  const files = new SourceFiles({ kernelSource: [path], installed: [], ...of });
  return drive(laterCommitsIn(() => files)(place, limit, stop), signal);
}

test("commits that change the function and that the release does not contain are listed, the newest first", async () => {
  const { commits, branches, revision, file, remarks } = await search(repository);
  assert.equal(revision, "v6.1.192");
  assert.equal(file, "kernel/f.c");
  assert.deepEqual(
    commits.map(({ commit, subject, branch }) => [commit, subject, branch]),
    [
      [repository.later, "f: fix the second bug", "master"],
      [repository.fix, "f: fix the first bug", "master"],
    ],
  );
  assert.match(commits[0]?.date ?? "", /^\d{4}-\d\d-\d\d$/);
  // linux-6.1.y has nothing after the tag.
  assert.deepEqual(branches, [{ branch: "master", looked: "wholly", why: undefined }]);
  assert.deepEqual(remarks, []);
});

test("a commit of which the release has a backport is marked with it", async () => {
  const { commits } = await search(repository);
  assert.deepEqual(
    commits.map(({ backport }) => backport),
    [undefined, repository.backport],
  );
});

test("a commit is listed once, for the first branch that contains it", async () => {
  const own = kernelRepository();
  own.git("checkout", "--quiet", "-b", "topic", "master");
  own.write("kernel/f.c", cFile("return arg + 3;", "return 1;"));
  const newest = own.commit("f: on the topic branch");
  const { commits, branches } = await search(own);
  own.remove();
  assert.deepEqual(
    commits.map(({ commit, branch }) => [commit, branch]),
    [newest, own.later, own.fix].map((commit) => [commit, "topic"]),
  );
  assert.deepEqual(
    branches.map(({ branch, looked }) => [branch, looked]),
    [
      ["topic", "wholly"],
      ["master", "wholly"],
    ],
  );
});

test("without the stable tag the mainline tag is used, and the answer describes the consequence", async () => {
  const { revision, commits, remarks } = await search(repository, target, { of: { release: "6.1.180" } });
  assert.equal(revision, "v6.1");
  assert.equal(commits.length, 3);
  assert.match(
    remarks[0] ?? "",
    /^The repository has no v6\.1\.180: commits since v6\.1 are listed, and the dump's kernel may contain some/,
  );
});

test("without any tag of the release the answer names the tags", async () => {
  const { revision, commits, remarks } = await search(repository, target, { of: { release: "5.10.5" } });
  assert.equal(revision, undefined);
  assert.deepEqual(commits, []);
  assert.match(remarks[0] ?? "", /has no v5\.10\.5, no v5\.10: "git fetch --tags"/);
});

test("a source that is not a git repository is reported", async () => {
  const files = new SourceFiles({ kernelSource: [repository.folder], installed: [], ...debian });
  const { remarks, needsRepository } = await drive(
    laterCommitsIn(() => files)(target, 20),
    new AbortController().signal,
  );
  assert.match(remarks[0] ?? "", /is not a git repository\.$/);
  assert.equal(needsRepository, true);
  // Each face names the way that its user has.
  const found = { commits: [], branches: [], remarks, needsRepository } as unknown as LaterCommits;
  assert.match(restWords(found).join(" "), /git repository\. Name one in the setting vmcore\.kernelSource\./);
  assert.match(fixesLines(found).map(lineText).join(" "), /git repository\. +Name one with --source/);
});

test("a branch that does not define the function is named with the reason", async () => {
  const own = kernelRepository();
  own.git("checkout", "--quiet", "-b", "moved");
  own.write("kernel/f.c", "int other(void)\n{\n\treturn 0;\n}\n");
  own.commit("f: remove target");
  own.git("checkout", "--quiet", "-b", "gone");
  own.git("rm", "--quiet", "kernel/f.c");
  own.commit("f: remove the file");
  const { branches } = await search(own);
  own.remove();
  const why = Object.fromEntries(branches.map((one) => [one.branch, one.why]));
  assert.equal(why["moved"], "it does not define target in kernel/f.c");
  assert.match(why["gone"] ?? "", /kernel\/f\.c/);
  assert.equal(why["master"], undefined);
});

test("a function of the same path in another tree is not searched for", async () => {
  const { commits, remarks } = await search(repository, { function: "my_probe", file: "/home/me/mod/kernel/f.c" });
  assert.deepEqual(commits, []);
  assert.deepEqual(remarks, ["The definition of my_probe was not found in kernel/f.c of v6.1.192."]);
});

test("a name that is no identifier never reaches git", async () => {
  for (const name of ["--output=x", "f;touch x", "a b", "", "f\n", "$(x)", "x".repeat(600)]) {
    const { remarks } = await search(repository, { function: name, file: target.file });
    assert.match(remarks[0] ?? "", /is not the name of a C function/, name);
  }
});

test("at the time limit the answer lists what was not searched", async () => {
  const { remarks, branches } = await search(repository, target, { limit: 0.001 });
  assert.match(remarks.at(-1) ?? "", /^The time limit of 0\.001 s was reached: .*"analyze --fixes=/);
  assert.ok(branches.every(({ looked }) => looked !== "wholly"));
});

test("a search that the user ends says so, and what it did not look at", async () => {
  const stop = new AbortController();
  const running = search(repository, target, { stop: stop.signal });
  stop.abort();
  const { remarks, endedBy } = await running;
  assert.equal(endedBy, "user");
  assert.match(remarks.at(-1) ?? "", /^The search was stopped: /);
  assert.equal((await search(repository)).endedBy, undefined);
});

test("a search can be cancelled", async () => {
  const abort = new AbortController();
  const running = search(repository, target, { signal: abort.signal });
  abort.abort();
  await assert.rejects(running, Cancelled);
});

test("more commits than are listed end the list, and that is said", async () => {
  const own = kernelRepository();
  try {
    const commits = Array.from({ length: 201 }, (_, i) => {
      const text = cFile(`return ${i};`);
      const message = `f: change ${i}`;
      return `commit refs/heads/many\ncommitter nobody <nobody@example.org> ${1_900_000_000 + i} +0000\ndata ${message.length}\n${message}\n${i === 0 ? "from refs/heads/master^0\n" : ""}M 100644 inline kernel/f.c\ndata ${text.length}\n${text}\n`;
    });
    execFileSync("git", ["-C", own.path, "fast-import", "--quiet"], { input: commits.join("") });
    const { commits: listed, branches } = await search(own, target, { limit: 1000 });
    assert.equal(listed.length, 200);
    assert.deepEqual(
      branches.map(({ branch, looked, why }) => [branch, looked, why]),
      [
        ["master", "wholly", undefined],
        ["many", "partly", "200 commits are listed"],
      ],
    );
  } finally {
    own.remove();
  }
});
