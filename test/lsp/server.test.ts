import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, before, beforeEach, test } from "node:test";
import { pathToFileURL } from "node:url";
import type {
  CodeLens,
  DocumentLink,
  DocumentSymbol,
  FoldingRange,
  Hover,
  InlayHint,
  Location,
  WorkspaceSymbol,
} from "vscode-languageserver/node";
import { documentLinks, sourceFiles, SourceRoots } from "../../src/lsp/sourceLinks.ts";
import { DapClient } from "../adapter/client.ts";
import { stopwatch } from "../builders/stopwatch.ts";
import { LspClient } from "./client.ts";

/** The sample's own log, as `log` prints it, in a document; the dump itself as the debug session. */
const URI = "untitled:Untitled-1";
const SAMPLE = resolve("sample");
let [server, debug, text]: [LspClient, DapClient, string] = [undefined!, undefined!, ""];

before(async () => {
  [server, debug] = await Promise.all([
    LspClient.start([pathToFileURL(SAMPLE).href]),
    DapClient.launch({ vmcore: "sample/vmcore", modules: SAMPLE, kernelSource: SAMPLE }),
  ]);
  text = await debug.command("log");
  await server.open(URI, text, "plaintext");
});
after(() => Promise.all([server.close(), debug.close()]));
beforeEach(() => withSession(false));

/** Whether the client has a debug session from now on. */
async function withSession(isOpen: boolean): Promise<void> {
  server.answer = isOpen ? ({ request, arguments: args }) => debug.request(request, args) : () => Promise.resolve(null);
  await server.connection.sendNotification("vmcore/sessionChanged", {});
}

const document = { textDocument: { uri: URI } };
const everything = { ...document, range: { start: { line: 0, character: 0 }, end: { line: 100_000, character: 0 } } };
const textAt = (line: number): string => text.split("\n")[line] ?? "";

async function hoverOn(line: RegExp, piece: string): Promise<string> {
  const hover = await server.at<Hover | null>("textDocument/hover", URI, text, line, piece);
  return hover ? (hover.contents as { value: string }).value : "";
}

test("the oops and the panic are symbols and fold", async () => {
  const symbols = await server.request<DocumentSymbol[]>("textDocument/documentSymbol", document);
  assert.deepEqual(
    symbols.map(({ name, detail, children }) => [name, detail, children?.length]),
    [
      ["BUG: kernel NULL pointer dereference, address: 0000000000000000", "lab_apply [lab_nullderef]", 1],
      ["Kernel panic - not syncing: Fatal exception", "", 0],
    ],
  );
  const folds = await server.request<FoldingRange[]>("textDocument/foldingRange", document);
  assert.match(textAt(folds[0]?.startLine ?? 0), /BUG: kernel NULL/);
  assert.match(textAt(folds[0]?.endLine ?? 0), /end trace/);
  assert.match(textAt(folds[1]?.startLine ?? 0), /Call Trace:/);
});

test("without a session a hover shows the facts of the log", async () => {
  assert.match(
    await hoverOn(/RIP: 0010:/, "lab_apply"),
    /lab\\_apply.*lab\\_nullderef.*out of tree, unsigned, being loaded[^]*Byte 47 of 67/,
  );
  assert.match(await hoverOn(/R11: ffffffff9cad2328/, "R11"), /0xffffffff82ad2328 \(Kernel Offset 0x1a000000\)/);
  assert.match(await hoverOn(/RAX: 0000000000000000 RBX/, "RAX"), /NULL/);
  assert.match(await hoverOn(/Comm: insmod/, "169"), /Task 169.*insmod/);
  assert.match(await hoverOn(/Modules linked in/, "virtio_blk"), /virtio\\_blk/);
  assert.equal(await hoverOn(/Call Trace:/, "Call"), "");
});

test("without a session no addresses are resolved, and no request fails", async () => {
  assert.deepEqual(await server.request("textDocument/inlayHint", everything), []);
  assert.deepEqual(await server.at("textDocument/definition", URI, text, /RIP: 0010:/, "lab_apply"), []);
  assert.deepEqual(await server.request("workspace/symbol", { query: "lab_apply" }), []);
  const lenses = await server.request<CodeLens[]>("textDocument/codeLens", document);
  assert.deepEqual(
    [...new Set(lenses.map(({ command }) => command?.command))],
    ["vmcore.analyzeReport", "vmcore.open"],
  );
});

test("a client that does not support requests from the server causes no error", async () => {
  server.answer = () => Promise.reject(new Error("no such thing"));
  assert.match(await hoverOn(/RIP: 0010:/, "lab_apply"), /Byte 47 of 67/);
});

test("with a session the entries of the call trace carry their source lines", async () => {
  await withSession(true);
  const hints = await server.request<InlayHint[]>("textDocument/inlayHint", everything);
  const labels = new Map(
    hints.map(({ position, label }) => [textAt(position.line).replace(/^\[[^\]]*\]\s*/, ""), label]),
  );
  assert.equal(labels.get("RIP: 0010:lab_apply+0x2f/0x43 [lab_nullderef]"), "lab_nullderef.c:27 < lab_nullderef.c:36");
  assert.match(JSON.stringify(labels.get("hello_init+0xb8/0x1000 [lab_nullderef]")), /^"lab_nullderef\.c:\d+"$/);
  // The kernel's own lines need its vmlinux, which the sample comes without.
  assert.equal(labels.has("do_one_initcall+0x59/0x220"), false);
});

test("a hundred entries are described by one request", async () => {
  await withSession(true);
  server.questions.length = 0;
  await server.request("textDocument/inlayHint", everything);
  assert.deepEqual(
    server.questions.map(({ request }) => request),
    ["vmcore/about", "vmcore/describe", "vmcore/describe"],
  );
});

test("with a session a hover describes addresses, tasks and modules", async () => {
  await withSession(true);
  assert.match(
    await hoverOn(/RIP: 0010:/, "lab_apply"),
    /0xffffffffc024b02f `lab_apply\+0x2f`[^]*inlined `lab_poke` \[.*\]\(file:.*\/lab_nullderef\.c#L27\)/,
  );
  assert.match(await hoverOn(/RBX: ffff8ef6849a9800/, "RBX"), /slab object.*kmalloc-/);
  assert.match(await hoverOn(/Comm: insmod/, "169"), /insmod[^]*ffff8ef68526c180/);
  assert.match(await hoverOn(/Modules linked in/, "virtio_blk"), /0xffffffffc026b340/);
});

test("a hover shows the live patch of a function", async () => {
  await withSession(true);
  const { answer } = server;
  server.answer = async (question) => {
    const told = (await answer(question)) as { described: (object | null)[] };
    if (question.request !== "vmcore/describe") return told;
    return { described: told.described.map((one) => one && { ...one, what: "replaced by lab_new [lab]" }) };
  };
  assert.match(await hoverOn(/RIP: 0010:/, "lab_apply"), /`lab_apply\+0x2f` \(replaced by lab\\_new \\\[lab\\\]\)/);
});

test("with a session the definition of an entry is its source line", async () => {
  await withSession(true);
  const [place] = await server.at<Location[]>("textDocument/definition", URI, text, /RIP: 0010:/, "lab_apply");
  assert.ok(place);
  assert.equal(place.uri, pathToFileURL(resolve("sample/lab_nullderef.c")).href);
  assert.equal(place.range.start.line, 26);
});

test("with a session an oops offers its site and its call trace", async () => {
  await withSession(true);
  const lenses = await server.request<CodeLens[]>("textDocument/codeLens", document);
  assert.deepEqual(
    lenses.map(({ command }) => [command?.title, command?.command]),
    [
      ["Analyze", "vmcore.analyzeReport"],
      ["Resolve Call Trace", "vmcore.resolveReport"],
      ["Go to lab_apply", "vmcore.goTo"],
      ["Analyze", "vmcore.analyzeReport"],
    ],
  );
  const [uri, line] = (lenses[1]?.command?.arguments ?? []) as [string, number];
  const { text: resolved } = await server.request<{ text: string }>("vmcore/resolvedReport", { uri, line });
  assert.match(
    resolved,
    /RIP: 0010:lab_apply\+0x2f\/0x43 \[lab_nullderef\] \(lab_nullderef\.c:27 < lab_nullderef\.c:36\)\n/,
  );
});

test("no address of a log of another kernel is resolved", async () => {
  await withSession(true);
  const other = text.replaceAll("6.1.0-56-cloud-amd64", "5.10.0-1-amd64");
  await server.open("untitled:other", other);
  assert.deepEqual(
    await server.request("textDocument/inlayHint", { ...everything, textDocument: { uri: "untitled:other" } }),
    [],
  );
  const hover = await server.at<Hover>("textDocument/hover", "untitled:other", other, /RIP: 0010:/, "lab_apply");
  assert.match((hover.contents as { value: string }).value, /open dump is of 6.*this log of 5/);
});

test("an address next to its name shows that a log is of another boot", async () => {
  await withSession(true);
  const oops = (address: string): string =>
    `[  1.0] Linux version 6.1.0-56-cloud-amd64\n[  1.0]  [<${address}>] panic+0x0/0x346\n[  1.0] RBX: ffff8ef6849a9800`;
  const { address } = await debug.request<{ address: string }>("vmcore/resolve", { text: "panic" });
  for (const [text, isSame] of [
    [oops(address.slice(2)), true],
    [oops("ffffffff81111110"), false],
  ] as const) {
    const uri = `untitled:boot-${isSame}`;
    await server.open(uri, text);
    const hover = await server.at<Hover>("textDocument/hover", uri, text, /RBX/, "RBX");
    const { value } = hover.contents as { value: string };
    assert.match(value, isSame ? /slab object/ : /of another boot/);
  }
});

test("the function of a frame of crash's bt is looked up at its call", async () => {
  await withSession(true);
  const { address } = await debug.request<{ address: string }>("vmcore/resolve", { text: "panic" });
  const at = (BigInt(address) + 5n).toString(16);
  const frame = ` #1 [ffffcd2300013b00] panic at ${at}`;
  await server.open("untitled:frame", frame, "crash-transcript");
  for (const piece of ["panic", at]) {
    const hover = await server.at<Hover>("textDocument/hover", "untitled:frame", frame, /panic/, piece);
    assert.match((hover.contents as { value: string }).value, /`panic\+0x5`/);
  }
});

test("hovers over registers of crash's bt describe their values", async () => {
  await withSession(true);
  const { address } = await debug.request<{ address: string }>("vmcore/resolve", { text: "panic" });
  const value = BigInt(address).toString(16);
  const transcript = `crash> bt\n    RAX: ${value}  RBX: 0000000000000000  RCX: fffffffffffffff4`;
  await server.open("untitled:registers", transcript, "crash-transcript");
  const at = async (piece: string): Promise<string> => {
    const hover = await server.at<Hover>("textDocument/hover", "untitled:registers", transcript, /RAX/, piece);
    return (hover.contents as { value: string }).value;
  };
  assert.match(await at("RAX"), /^\*\*RAX\*\*[^]*`panic`/);
  assert.match(await at("RBX"), /NULL/);
  assert.match(await at("RCX"), /ENOMEM/);
});

test("of a log of another boot names are resolved, addresses are not", async () => {
  await withSession(true);
  const other = text.replace("Kernel Offset: 0x1a000000", "Kernel Offset: 0x1b000000");
  await server.open("untitled:boot", other);
  const at = async (line: RegExp, piece: string): Promise<string> =>
    ((await server.at<Hover>("textDocument/hover", "untitled:boot", other, line, piece)).contents as { value: string })
      .value;
  assert.match(await at(/RIP: 0010:/, "lab_apply"), /lab_apply\+0x2f/);
  const register = await at(/RBX: ffff8ef6849a9800/, "RBX");
  assert.match(register, /another boot/);
  assert.doesNotMatch(register, /slab/);
});

test("source locations link to files of the workspace, and never outside it", async () => {
  const log =
    "[  1.0] kernel BUG at lab_nullderef.c:30!\n[  1.0] kernel BUG at ../package.c:1!\n[  1.0] at missing.c:3";
  await server.open("untitled:links", log);
  const links = await server.request<DocumentLink[]>("textDocument/documentLink", {
    textDocument: { uri: "untitled:links" },
  });
  assert.deepEqual(
    links.map(({ target }) => target),
    [`${pathToFileURL(resolve("sample/lab_nullderef.c")).href}#L30`],
  );
});

test("a source by the path that it was built at is found in the workspace's tree, and is a definition", async (t) => {
  const tree = mkdtempSync(join(tmpdir(), "vmcore-tree-"));
  t.after(() => rmSync(tree, { recursive: true }));
  mkdirSync(join(tree, "arch/x86/entry"), { recursive: true });
  const file = join(tree, "arch/x86/entry/entry_64.S");
  writeFileSync(file, "");
  const client = await LspClient.start([pathToFileURL(tree).href]);
  t.after(() => client.close());
  const stack =
    "    /build/linux-6.1.192/arch/x86/entry/entry_64.S: 121\n    build/no/entry_64.S: 7\n    /arch/../x.c: 1";
  await client.open("untitled:built", stack, "crash-transcript");
  const at = { textDocument: { uri: "untitled:built" } };
  const links = await client.request<DocumentLink[]>("textDocument/documentLink", at);
  assert.deepEqual(
    links.map(({ target }) => target),
    [`${pathToFileURL(file).href}#L121`],
  );
  const places = await client.at<Location[]>("textDocument/definition", "untitled:built", stack, /x86/, "entry_64");
  assert.deepEqual(
    places.map(({ uri, range }) => [uri, range.start.line]),
    [[pathToFileURL(file).href, 120]],
  );
});

test("addresses of a report are links, those in registers too, other numbers are none", async () => {
  const links = await server.request<DocumentLink[]>("textDocument/documentLink", document);
  const linked = links.map(({ range: { start, end }, target }) => [
    textAt(start.line).slice(start.character, end.character),
    decodeURIComponent(target ?? ""),
  ]);
  const goTo = (digits: string): [string, string] => [digits, `command:vmcore.goTo?["0x${digits}"]`];
  const texts = linked.map(([digits]) => digits);
  assert.deepEqual(
    linked.find(([digits]) => digits === "ffff8ef6849a9800"),
    goTo("ffff8ef6849a9800"),
  );
  assert.ok(!texts.includes("c0000000ffffefff") && !texts.includes("0000000000000005"));
});

test("source locations link to the files that the session found, by the names that the compiler recorded", async () => {
  const recorded = "/usr/src/crash-lab-6.1/modules/lab_nullderef.c";
  const stack = `#6  lab_apply+0x2f [lab_nullderef]  ${recorded}:27 < ${recorded}:36\n  at /etc/passwd.c:1\n`;
  const links = async (uri: string): Promise<(string | undefined)[]> => {
    await server.open(uri, stack, "crash-transcript");
    const found = await server.request<DocumentLink[]>("textDocument/documentLink", { textDocument: { uri } });
    return found.map(({ target }) => target);
  };
  await withSession(false);
  assert.deepEqual(await links("untitled:without"), []);
  await withSession(true);
  const file = pathToFileURL(resolve("sample/lab_nullderef.c")).href;
  assert.deepEqual(await links("untitled:stack"), [`${file}#L27`, `${file}#L36`]);
});

test("lines without possible links cause no look-up", async () => {
  const lines = Array.from({ length: 100_000 }, () => "[    1.1] usb 1-1: new device at ffff888012345678 by PID: 1");
  const report = [
    "[    2.0] WARNING: CPU: 1 PID: 42 at lab_nullderef.c:28 f+0xba/0x110",
    "[    2.0]  ffff888012345678",
  ];
  const all = [...lines, ...report];
  const spent = stopwatch();
  const files = await sourceFiles(all, new SourceRoots([SAMPLE]), undefined);
  assert.equal(documentLinks(all, files, (line) => line >= lines.length).length, 2);
  // Some 30 ms; taking every line apart costs a second.
  assert.ok(spent() < 300);
});

test("a variable is found by its name, and its line when it is chosen", async () => {
  await withSession(true);
  const [found] = await server.request<WorkspaceSymbol[]>("workspace/symbol", { query: "lab_first" });
  assert.equal(found?.containerName, "lab_nullderef");
  const chosen = await server.request<WorkspaceSymbol>("workspaceSymbol/resolve", found ?? {});
  const start = { line: 18, character: 0 };
  assert.deepEqual(chosen.location, {
    uri: pathToFileURL(resolve("sample/lab_nullderef.c")).href,
    range: { start, end: start },
  });
});

test("for a variable without debuginfo the missing line is reported", async () => {
  await withSession(true);
  const symbol = { name: "jiffies", kind: 13, location: { uri: "vmcore-symbol:variable" } };
  await assert.rejects(server.request("workspaceSymbol/resolve", symbol), /does not say where it is defined/);
  // Without a vmlinux the kernel's own are not offered.
  assert.deepEqual(await server.request("workspace/symbol", { query: "panic_timeout" }), []);
});

test("edits of the text are applied", async () => {
  const uri = "untitled:typed";
  await server.open(uri, "");
  await server.connection.sendNotification("textDocument/didChange", {
    textDocument: { uri, version: 2 },
    contentChanges: [{ range: { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } }, text }],
  });
  const symbols = await server.request<DocumentSymbol[]>("textDocument/documentSymbol", { textDocument: { uri } });
  assert.equal(symbols.length, 2);
});

test("names of a hostile dump are text in hovers and in Analyze", async () => {
  await withSession(true);
  const { answer } = server;
  const evil = "a` [Sign in](https://evil.example/) ![p](https://evil.example/p.png) ` <img src=x>";
  server.answer = async (question) => {
    const told = (await answer(question)) as { described?: (object | null)[] };
    if (question.request !== "vmcore/describe" || !told.described) return told;
    const place = { function: evil, file: evil, line: 1, path: undefined };
    return { described: told.described.map((one) => one && { ...one, symbol: evil, what: evil, places: [place] }) };
  };
  const hover = await hoverOn(/RIP: 0010:/, "lab_apply");
  const line = text.split("\n").findIndex((one) => /BUG: kernel NULL/.test(one));
  const { markdown } = await server.request<{ markdown: string }>("vmcore/analysis", { uri: URI, line });
  for (const shown of [hover, markdown]) {
    // Code spans with marks of two, and escaped text: nothing of the name is left besides.
    const rest = shown.replace(/``(?!`).*?[^`]``(?!`)/g, "").replace(/\\./g, "");
    assert.match(shown, /``.*Sign in.*``/);
    assert.doesNotMatch(rest, /evil\.example|Sign in\]|<img/);
  }
});
