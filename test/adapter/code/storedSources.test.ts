import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, before, test } from "node:test";
import type { DebugProtocol } from "@vscode/debugprotocol";
import { DapClient } from "../client.ts";

const NOBODY = ["-c", "user.name=nobody", "-c", "user.email=nobody@example.org", "-c", "commit.gpgsign=false"];
const AS_RELEASED = "/* as released */\n";
let folder: string;

before(() => {
  folder = mkdtempSync(join(tmpdir(), "stored-"));
  mkdirSync(join(folder, "modules"));
  const file = join(folder, "modules/lab_nullderef.c");
  const git = (...args: string[]): unknown =>
    execFileSync("git", [...NOBODY, "-C", folder, ...args], { stdio: "ignore" });
  writeFileSync(file, AS_RELEASED);
  git("init");
  git("add", ".");
  git("commit", "-m", "Linux 6.1.192");
  git("tag", "v6.1.192");
  writeFileSync(file, "/* edited since */\n");
});
after(() => rmSync(folder, { recursive: true, force: true }));

async function crashed(more: object): Promise<{ client: DapClient; source: DebugProtocol.Source }> {
  const args = { vmcore: resolve("sample/vmcore"), modules: resolve("sample"), kernelSource: folder, search: false };
  const client = await DapClient.launch({ ...args, ...more });
  const { threadId } = await client.request("vmcore/about", {});
  const { stackFrames } = await client.request("stackTrace", { threadId });
  const frame = (stackFrames as DebugProtocol.StackFrame[]).find(({ source }) => source?.name === "lab_nullderef.c");
  assert.ok(frame?.source);
  return { client, source: frame.source };
}

test("a source that changed since the release is shown from the repository, by reference", async () => {
  const { client, source } = await crashed({});
  assert.equal(source.path, "v6.1.192/modules/lab_nullderef.c");
  assert.equal(source.origin, `v6.1.192 of ${folder}`);
  const { content } = await client.request("source", { source, sourceReference: source.sourceReference });
  assert.equal(content, AS_RELEASED);
  await client.request("disconnect");
});

test("an editor with its own file system receives a URI for it", async () => {
  const { client, source } = await crashed({ sourceScheme: "vmcore-source" });
  assert.equal(source.path, "vmcore-source://v6.1.192/modules/lab_nullderef.c");
  assert.equal(source.sourceReference, undefined);
  const { text } = await client.request("vmcore/sourceText", { address: "v6.1.192/modules/lab_nullderef.c" });
  assert.equal(text, AS_RELEASED);
  await assert.rejects(
    client.request("vmcore/sourceText", { address: "v6.1.192/../../etc/passwd" }),
    /no source of this session has the address/,
  );
  await client.request("disconnect");
});
