import assert from "node:assert/strict";
import { test } from "node:test";
import { againWords, listWords, placeWords, restWords } from "../../../src/panels/verdict/fixesWords.ts";
import type { LaterCommits } from "../../../src/protocol/laterCommits.ts";

const commit = { commit: "a".repeat(40), date: "2026-08-01", subject: "ext4: fix it", branch: "master" };
const found: LaterCommits = {
  function: "ext4_fill",
  file: "fs/ext4/super.c",
  repository: "/src/linux",
  revision: "v6.1.192",
  commits: [{ ...commit, backport: undefined }],
  branches: [
    { branch: "master", looked: "wholly", why: undefined },
    { branch: "next", looked: "partly", why: "the time limit was reached" },
  ],
  endedBy: "limit",
  remarks: ["The time limit of 20 s was reached."],
};

test("the list of later commits names the function, the repository and the release, and judges nothing", () => {
  assert.equal(
    listWords(found),
    "Commits of /src/linux that change ext4_fill in fs/ext4/super.c and are not in v6.1.192. Whether one of them fixes this crash is not judged.",
  );
  assert.deepEqual(restWords(found), [
    "No others in master.",
    "next: only partly looked at: the time limit was reached.",
    "The time limit of 20 s was reached.",
  ]);
});

test("a commit that the release has under another name says so", () => {
  assert.equal(placeWords({ ...commit, backport: undefined }, "v6.1.192"), "master");
  assert.equal(
    placeWords({ ...commit, backport: "b".repeat(40) }, "v6.1.192"),
    "master; v6.1.192 has it as bbbbbbbbbbbb",
  );
});

test("a search is offered again if it ended early or found no repository", () => {
  assert.equal(againWords(found), "Look for 2 Minutes");
  assert.equal(againWords({ ...found, endedBy: "user" }), "Look Again");
  assert.equal(againWords({ ...found, endedBy: undefined }), undefined);
  const none = { ...found, repository: undefined, revision: undefined, commits: [], branches: [], endedBy: undefined };
  assert.equal(againWords(none), "Look Again");
  assert.equal(listWords(none), undefined);
});
