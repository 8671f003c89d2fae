import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import type { LaterCommits } from "../../../src/protocol/laterCommits.ts";
import { GitRepository } from "../../builders/gitRepository.ts";
import { DapClient, Refused } from "../client.ts";

const SOURCE = readFileSync("sample/lab_nullderef.c", "utf8");
const repository = new GitRepository();
let client: DapClient;
before(async () => {
  repository.write("lab_nullderef.c", SOURCE);
  repository.commit("release");
  repository.git("tag", "v6.1");
  repository.write("lab_nullderef.c", SOURCE.replace(/lab_apply\([^]*?\{\n/, "$&\t/* changed */\n"));
  repository.commit("lab: change lab_apply");
  client = await DapClient.launch({ vmcore: "sample/vmcore", modules: ["sample"], kernelSource: [repository.path] });
});
after(async () => {
  await client.close();
  repository.remove();
});

test("the commits after the release that change the guilty function are listed on demand", async () => {
  const fixes: LaterCommits = await client.request("vmcore/fixes", {});
  assert.equal(fixes.function, "lab_apply");
  assert.deepEqual(
    fixes.commits.map(({ subject, branch }) => [subject, branch]),
    [["lab: change lab_apply", "master"]],
  );
});

test("a search can be ended, and answers with what it has found", async () => {
  const running: Promise<LaterCommits> = client.request("vmcore/fixes", {});
  await client.request("vmcore/stopFixes", {});
  const { endedBy, remarks }: LaterCommits = await running;
  assert.equal(endedBy, "user");
  assert.match(remarks.at(-1) ?? "", /^The search was stopped: /);
});

test("the time limit must be a number of seconds", async () => {
  for (const seconds of [0, -1, 1e9, "5"]) await assert.rejects(client.request("vmcore/fixes", { seconds }), Refused);
});

test("the terminal prints them after the verdict, and gives them as JSON", () => {
  const run = (...more: string[]): string =>
    execFileSync(
      process.execPath,
      ["src/cli/main.ts", "analyze", "--fixes=20", "--no-rc", "--no-search", "--modules", "sample", "--source", repository.path, "sample/vmcore", ...more],
      { encoding: "utf8" },
    ); // prettier-ignore
  const text = run();
  assert.match(
    text,
    /\n\nAlready fixed\?\n  Commits of \S+ that change lab_apply in lab_nullderef\.c and are not in v6\.1\./,
  );
  assert.match(text, /\n  \d{4}-\d\d-\d\d [0-9a-f]{12} lab: change lab_apply \(master\)\n/);
  const { records } = JSON.parse(run("--json")) as { records: [{ fixes: LaterCommits }] };
  assert.equal(records[0].fixes.commits[0]?.subject, "lab: change lab_apply");
});
