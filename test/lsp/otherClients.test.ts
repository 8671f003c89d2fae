import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { pathToFileURL } from "node:url";
import {
  type CodeLens,
  type DocumentLink,
  type DocumentSymbol,
  ErrorCodes,
  type FoldingRange,
  type InitializeResult,
  type Location,
  type ResponseError,
  type SymbolInformation,
  type WorkspaceSymbol,
} from "vscode-languageserver/node";
import { DapClient } from "../adapter/client.ts";
import { LspClient } from "./client.ts";

const URI = "untitled:log";
const at = { textDocument: { uri: URI } };
const LOG = [
  "[    2.0] BUG: kernel NULL pointer dereference, address: 0000000000000000",
  "[    2.0] RIP: 0010:lab_apply+0x2f/0x43 [lab_nullderef]",
  "[    2.0] RBX: ffff8ef6849a9800 RCX: 0000000000000000 RDX: 0000000000000000",
  "[    2.0] Call Trace:",
  "[    2.0]  hello_init+0xb8/0x1000 [lab_nullderef]",
  "[    2.0] ---[ end trace 0000000000000000 ]---",
  "[    2.0] kernel BUG at driver.c:3!",
];

async function started(t: TestContext, ...of: Parameters<typeof LspClient.start>): Promise<LspClient> {
  const client = await LspClient.start(...of);
  t.after(() => client.close());
  return client;
}

test("a client that nests no symbols gets them as a list, call traces in their report", async (t) => {
  const client = await started(t, [], {}, {});
  await client.open(URI, LOG.join("\n"));
  const symbols = await client.request<SymbolInformation[]>("textDocument/documentSymbol", at);
  const title = "BUG: kernel NULL pointer dereference, address: 0000000000000000";
  assert.deepEqual(
    symbols.slice(0, 2).map(({ name, containerName, location }) => [name, containerName, location.range.start.line]),
    [
      [title, undefined, 0],
      ["Call trace", title, 3],
    ],
  );
});

test("a client that does not serve our commands gets no link and no lens that runs one", async (t) => {
  const client = await started(t, [], { commands: false });
  await client.open(URI, LOG.join("\n"));
  assert.deepEqual(await client.request<DocumentLink[]>("textDocument/documentLink", at), []);
  const told = await client.request<InitializeResult>("initialize", {
    processId: process.pid,
    rootUri: null,
    capabilities: {},
  });
  assert.equal(told.capabilities.codeLensProvider, undefined);
  const served = await started(t);
  await served.open(URI, LOG.join("\n"));
  assert.equal((await served.request<DocumentLink[]>("textDocument/documentLink", at)).length, 1);
  assert.ok((await served.request<CodeLens[]>("textDocument/codeLens", at)).length > 0);
});

test("a client that resolves no workspace symbols gets those alone that have their place", async (t) => {
  const debug = await DapClient.launch({ vmcore: "sample/vmcore", modules: "sample", kernelSource: "sample" });
  t.after(() => debug.close());
  const names = async (client: LspClient, query: string): Promise<string[]> => {
    client.answer = ({ request, arguments: args }) => debug.request(request, args);
    const found = await client.request<WorkspaceSymbol[]>("workspace/symbol", { query });
    return found.map(({ name }) => name);
  };
  const plain = await started(t, [], {}, {});
  assert.ok((await names(plain, "lab_apply")).includes("lab_apply"));
  assert.deepEqual(await names(plain, "lab_first"), []);
  assert.deepEqual(await names(await started(t), "lab_first"), ["lab_first"]);
});

test("a carriage return alone ends a line, as in the client", async (t) => {
  const client = await started(t);
  for (const end of ["\r", "\r\n", "\n"]) {
    const uri = `untitled:${encodeURIComponent(end)}`;
    await client.open(uri, LOG.join(end));
    const symbols = await client.request<DocumentSymbol[]>("textDocument/documentSymbol", { textDocument: { uri } });
    assert.equal(symbols[0]?.children?.[0]?.range.start.line, 3, JSON.stringify(end));
    const folds = await client.request<FoldingRange[]>("textDocument/foldingRange", { textDocument: { uri } });
    assert.equal(folds[0]?.endLine, 5, JSON.stringify(end));
  }
});

test("no file of an untrusted workspace is read before it is trusted", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "vmcore-untrusted-"));
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, "driver.c"), "");
  const client = await started(t, [pathToFileURL(folder).href], { restricted: true });
  await client.open(URI, LOG.join("\n"));
  const sources = async (): Promise<(string | undefined)[]> =>
    (await client.request<DocumentLink[]>("textDocument/documentLink", at))
      .map(({ target }) => target)
      .filter((target) => target?.startsWith("file:"));
  const definition = (): Promise<Location[]> => {
    const position = { line: LOG.length - 1, character: LOG.at(-1)?.indexOf("driver.c") };
    return client.request("textDocument/definition", { ...at, position });
  };
  assert.deepEqual(await sources(), []);
  assert.deepEqual(await definition(), []);
  // What needs no file works all the same.
  assert.ok((await client.request<FoldingRange[]>("textDocument/foldingRange", at)).length > 0);
  assert.match(JSON.stringify(await client.request("vmcore/analysis", { uri: URI, line: 0 })), /NULL pointer/);
  await client.connection.sendNotification("vmcore/settingsChanged", {});
  assert.deepEqual(await sources(), []);
  await client.connection.sendNotification("vmcore/trustGranted", {});
  assert.equal((await sources()).length, 1);
  assert.equal((await definition()).length, 1);
});

test("a request with malformed parameters is refused, and the error names the member", async (t) => {
  const client = await started(t);
  await client.open(URI, LOG.join("\n"));
  const position = { line: 1, character: "x" };
  for (const [method, params, member] of [
    ["textDocument/hover", { ...at, position }, "position.character"],
    ["textDocument/definition", at, "position.line"],
    ["textDocument/documentSymbol", { textDocument: null }, "textDocument.uri"],
    ["textDocument/codeLens", null, "textDocument.uri"],
    ["textDocument/inlayHint", { ...at, range: {} }, "range.start.line"],
    ["workspace/symbol", { query: 7 }, "query"],
    ["vmcore/analysis", [], "uri"],
  ] as const)
    await assert.rejects(
      client.request(method, params as object),
      ({ code, message }: ResponseError) =>
        code === ErrorCodes.InvalidParams && message.startsWith(`${method}: "${member}" must be a `),
      method,
    );
  assert.ok(await client.request("textDocument/hover", { ...at, position: { line: 1, character: 26 } }));
});
