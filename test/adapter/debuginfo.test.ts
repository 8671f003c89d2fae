import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, before, test } from "node:test";
import type { DebuginfoFacts } from "../../src/protocol/debuginfo.ts";
import { loopback } from "../builders/loopback.ts";
import { DapClient } from "./client.ts";

const vmcore = resolve("sample/vmcore");
let folder: string;

before(() => {
  folder = mkdtempSync(join(tmpdir(), "symbols-"));
  mkdirSync(join(folder, "elsewhere"));
  // What a server did not have is remembered there for a while.
  process.env["DEBUGINFOD_CACHE_PATH"] = join(folder, "cache");
  copyFileSync("sample/lab_nullderef.ko", join(folder, "elsewhere/built.ko"));
});
after(() => rmSync(folder, { recursive: true, force: true }));

const reported = (client: DapClient): Promise<DebuginfoFacts> => client.request<DebuginfoFacts>("vmcore/debuginfo", {});
const ofModule = ({ modules }: DebuginfoFacts) => modules.find(({ name }) => name === "lab_nullderef");

test("a session lists the files tried for its debuginfo, and accepts a module's file that the user chooses", async () => {
  const client = await DapClient.launch({ vmcore, search: false }, { traits: { supportsInvalidatedEvent: true } });
  const facts = await reported(client);
  assert.equal(facts.vmlinux, undefined);
  assert.equal(facts.advice.distribution, "Debian");
  assert.equal(ofModule(facts)?.path, undefined);
  assert.equal(ofModule(facts)?.outOfTree, true);
  const path = join(folder, "elsewhere/built.ko");
  await client.request("vmcore/loadModule", { module: "lab_nullderef", path });
  await client.event("invalidated");
  assert.equal(ofModule(await reported(client))?.path, path);
  await assert.rejects(client.request("vmcore/loadModule", { module: "lab_nullderef", path: "/absent" }), /no such/);
  await client.request("disconnect");
});

test("a file that is no vmlinux of the dump is refused with the reason", async () => {
  const client = await DapClient.launch({ vmcore, search: false });
  const tried = await client.request<{ outcome: string; why: string }>("vmcore/tryVmlinux", {
    path: resolve("sample/lab_nullderef.ko"),
  });
  assert.equal(tried.outcome, "refused");
  assert.match(tried.why, /is a kernel module/);
  await client.request("disconnect");
});

test("a vmlinux is looked for in the editor's open folders", async () => {
  writeFileSync(join(folder, "vmlinux"), "text");
  const client = await DapClient.launch({ vmcore, workspace: [folder] });
  const { tries } = await client.request<{ tries: { path: string; outcome: string }[] }>("vmcore/debuginfo", {});
  assert.equal(tries.find(({ path }) => path === join(folder, "vmlinux"))?.outcome, "refused");
  await client.request("disconnect");
});

test("missing debuginfo is requested by build ID from the named servers only", async (t) => {
  const asked: string[] = [];
  const url = await loopback(t, (request, response) => {
    asked.push(request.url ?? "");
    response.writeHead(404).end();
  });
  const client = await DapClient.launch({ vmcore, search: false });
  const { fetched, remarks } = await client.request<{ fetched: string[]; remarks: string[] }>("vmcore/fetchDebuginfo", {
    names: ["lab_nullderef"],
    servers: [url],
  });
  assert.deepEqual(fetched, []);
  assert.match(remarks.join(), /lab_nullderef/);
  assert.deepEqual(asked, ["/buildid/ceabf09db29b042eb1e570ed4fc2fb69f5a32153/debuginfo"]);
  await client.request("disconnect");
});
