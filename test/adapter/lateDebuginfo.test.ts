import assert from "node:assert/strict";
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import type { RequestListener } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test, type TestContext } from "node:test";
import type { DebugProtocol } from "@vscode/debugprotocol";
import { debuginfoFile } from "../builders/debuginfoFile.ts";
import { loopback } from "../builders/loopback.ts";
import { sampleVmlinux } from "../builders/sampleVmlinux.ts";
import { DapClient } from "./client.ts";

const KERNEL = "3b43fad5";
const MODULE = "ceabf09db29b042eb1e570ed4fc2fb69f5a32153";
const module = readFileSync("sample/lab_nullderef.ko");
const text = readFileSync("sample/lab_nullderef.c");

let folder: string;
let vmcore: string;
before(() => {
  folder = mkdtempSync(join(tmpdir(), "late-"));
  vmcore = join(folder, "vmcore");
  copyFileSync("sample/vmcore", vmcore);
});
after(() => rmSync(folder, { recursive: true, force: true }));

/** A session with nothing but a server's address, and an empty cache. */
async function launched(t: TestContext, listener: RequestListener): Promise<DapClient> {
  const url = await loopback(t, listener);
  process.env["DEBUGINFOD_CACHE_PATH"] = mkdtempSync(join(folder, "cache-"));
  const traits = { supportsInvalidatedEvent: true, supportsProgressReporting: true };
  const client = await DapClient.launch({ vmcore, debuginfod: [url] }, { traits });
  t.after(() => client.close());
  return client;
}

const stack = async (client: DapClient): Promise<DebugProtocol.StackFrame[]> =>
  (await client.request<{ stackFrames: DebugProtocol.StackFrame[] }>("stackTrace", { threadId: 169 })).stackFrames;
const crashed = async (client: DapClient) => (await stack(client)).find(({ name }) => name.startsWith("lab_poke"));

test("a module's debuginfo and source are downloaded from debuginfod after the stop, and the stack improves", async (t) => {
  let release = (): void => {};
  const asked = new Promise<void>((done) => (release = done));
  const client = await launched(t, (request, response) => {
    const url = decodeURIComponent(request.url ?? "");
    if (url === `/buildid/${MODULE}/debuginfo`) void asked.then(() => response.end(module));
    else if (url.startsWith(`/buildid/${MODULE}/source/`)) response.end(text);
    else response.writeHead(404).end();
  });
  assert.equal((await stack(client)).some(({ line, source }) => line > 0 && source?.path?.endsWith("nullderef.c")), false); // prettier-ignore
  release();
  const { module: told } = await client.event<{ module: DebugProtocol.Module }>("module");
  assert.deepEqual([told.name, told.symbolStatus], ["lab_nullderef", "symbols, types and lines"]);
  await client.event("invalidated");
  const frame = await crashed(client);
  assert.equal(frame?.line, 27);
  const { source } = frame;
  const { content } = await client.request<{ content: string }>("source", {
    source,
    sourceReference: source?.sourceReference,
  });
  assert.equal(content, text.toString());
  await client.event<{ output: string }>("output", ({ output }) =>
    /Fetched the debuginfo of lab_nullderef/.test(output),
  );
});

test("a late vmlinux is used by the same session: the user's settings remain, old frame ids are invalid", async (t) => {
  let release = (): void => {};
  const asked = new Promise<void>((done) => (release = done));
  const client = await launched(t, (request, response) => {
    const [, , buildId = ""] = request.url?.split("/") ?? [];
    if (buildId.startsWith(KERNEL)) void asked.then(() => response.end(sampleVmlinux(buildId)));
    else response.writeHead(404).end();
  });
  const [before] = await stack(client);
  await client.command("set radix 16");
  await client.command("alias mine sys");
  release();
  const { module: told } = await client.event<{ module: DebugProtocol.Module }>("module");
  assert.equal(told.name, "vmlinux");
  assert.match(told.symbolFilePath ?? "", new RegExp(`cache-.*/${KERNEL}\\w+/debuginfo$`));
  await client.event("invalidated");
  assert.ok((await stack(client)).length > 0);
  await assert.rejects(client.request("scopes", { frameId: before?.id }), /there is no frame/);
  assert.match(await client.command("set radix"), /16/);
  assert.match(await client.command("mine"), /6\.1\.0-56-cloud-amd64/);
});

test("a download has progress and can be cancelled, which leaves the session unchanged", async (t) => {
  let closed = (): void => {};
  const gone = new Promise<void>((done) => (closed = done));
  const client = await launched(t, (_, response) => {
    response.writeHead(200, { "content-length": "1000000000" }).write("x");
    response.on("close", closed);
  });
  const { progressId, title } = await client.event<{ progressId: string; title: string }>("progressStart");
  assert.equal(title, "Fetching debuginfo");
  await client.request("cancel", { progressId });
  await client.event("progressEnd");
  await gone;
  assert.match(await client.command("bt"), /lab_/);
});

test("a server that sends wrong data is reported, and its data is not used", async (t) => {
  const client = await launched(t, (_, response) => response.end(debuginfoFile({ buildId: "00".repeat(20) })));
  await client.event<{ output: string }>("output", ({ output }) => /sends a file of build ID 0{40}/.test(output));
  assert.equal((await crashed(client))?.line ?? 0, 0);
  assert.equal(existsSync(join(process.env["DEBUGINFOD_CACHE_PATH"]!, MODULE, "debuginfo")), false);
});
