import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import type { CodeLens, Hover, InlayHint, Location, SymbolInformation } from "vscode-languageserver/node";
import type { FileSettings } from "../../src/protocol/language.ts";
import { CODE } from "../builders/dwarf.ts";
import { GLOBAL_FUNCTION } from "../builders/elf.ts";
import { debugInfoImage } from "../builders/debugInfo.ts";
import { xz } from "../builders/xz.ts";
import { LspClient } from "./client.ts";

/** The kernel of `debugInfoImage`: `outer` at CODE, moved by 0x1000. */
const BIAS = 0x1000n;
const LOG = `[    1.000000] BUG: kernel NULL pointer dereference, address: 0000000000000000
[    1.000000] RIP: 0010:outer+0x10/0x30
[    1.000000] RAX: ${(CODE + BIAS + 0x32n).toString(16).padStart(16, "0")} RBX: ffff888000000000
[    1.000000] Call Trace:
[    1.000000]  second+0x8/0x30
[    1.000000]  lab_apply+0x2f/0x43 [lab_nullderef]
[    1.000000]  absent+0x1/0x2
[    1.000000] ---[ end trace 0000000000000000 ]---
[    1.000000] Kernel Offset: 0x${BIAS.toString(16)} from 0x${CODE.toString(16)}
`;
const URI = "untitled:Untitled-1";

const everything = {
  textDocument: { uri: URI },
  range: { start: { line: 0, character: 0 }, end: { line: 100, character: 0 } },
};

let folder = "";
before(() => {
  folder = mkdtempSync(join(tmpdir(), "vmcore-static-"));
  const symbols = [
    { name: "_text", value: CODE, size: 0 },
    { name: "outer", value: CODE, size: 0x30, info: GLOBAL_FUNCTION },
    { name: "second", value: CODE + 0x30n, size: 0x30, info: GLOBAL_FUNCTION },
    { name: "_end", value: CODE + 0x1000n, size: 0 },
  ];
  writeFileSync(join(folder, "vmlinux"), debugInfoImage({ version: 5 }, { symbols }));
  const map = symbols.map(({ name, value }) => `${value.toString(16).padStart(16, "0")} T ${name}\n`).join("");
  writeFileSync(join(folder, "System.map"), map);
  mkdirSync(join(folder, "kernel"));
  writeFileSync(join(folder, "kernel/b.h"), "");
});
after(() => rmSync(folder, { recursive: true }));

/** A server without a session, that knows the files of a kernel; the log is open in it. */
async function withFiles(settings: FileSettings, ask: (server: LspClient) => Promise<void>, log = LOG): Promise<void> {
  const server = await LspClient.start([], settings);
  try {
    await server.open(URI, log);
    await ask(server);
  } finally {
    await server.close();
  }
}

const hoverOn = async (server: LspClient, line: RegExp, piece: string, log = LOG): Promise<string> => {
  const hover = await server.at<Hover>("textDocument/hover", URI, log, line, piece);
  return (hover.contents as { value: string }).value;
};

const labelsOf = async (server: LspClient): Promise<Record<string, unknown>> => {
  const hints = await server.request<InlayHint[]>("textDocument/inlayHint", everything);
  const textAt = (line: number): string => (LOG.split("\n")[line] ?? "").slice("[    1.000000] ".length).trim();
  return Object.fromEntries(hints.map(({ position, label }) => [textAt(position.line), label]));
};

const vmlinux = (): FileSettings => ({ vmlinux: join(folder, "vmlinux"), kernelSource: [folder] });

test("a configured vmlinux gives lines for call traces, and its modules for theirs", () =>
  withFiles({ ...vmlinux(), modules: [resolve("sample")] }, async (server) => {
    assert.deepEqual(await labelsOf(server), {
      "RIP: 0010:outer+0x10/0x30": "kernel/b.h:1 < kernel/b.h:20",
      "second+0x8/0x30": "kernel/b.h:2",
      "lab_apply+0x2f/0x43 [lab_nullderef]": "lab_nullderef.c:25 < lab_nullderef.c:36",
    });
  }));

test("a packed module gives its lines too", () => {
  const modules = join(folder, "packed");
  mkdirSync(modules);
  writeFileSync(join(modules, "lab_nullderef.ko.xz"), xz(readFileSync("sample/lab_nullderef.ko")));
  return withFiles({ ...vmlinux(), modules: [modules] }, async (server) => {
    const { "lab_apply+0x2f/0x43 [lab_nullderef]": lines } = await labelsOf(server);
    assert.equal(lines, "lab_nullderef.c:25 < lab_nullderef.c:36");
  });
});

test("a hover finds an address by the offset that the log printed", () =>
  withFiles(vmlinux(), async (server) => {
    assert.match(await hoverOn(server, /RAX/, "RAX"), /`second\+0x2`[^]*From vmlinux/);
    assert.doesNotMatch(await hoverOn(server, /RAX/, "RBX"), /From/);
    assert.match(await hoverOn(server, /second/, "second"), /0x81001038 `second\+0x8`/);
  }));

test("a log without the kernel's address is resolved by names", () => {
  const log = LOG.replace(/.*Kernel Offset.*\n/, "");
  return withFiles(
    vmlinux(),
    async (server) => {
      assert.doesNotMatch(await hoverOn(server, /RAX/, "RAX", log), /From/);
      assert.match(await hoverOn(server, /second/, "second", log), /^`second\+0x8`$/m);
    },
    log,
  );
});

test("an address next to its name gives the kernel's offset", () => {
  const log = LOG.replace(
    /.*Kernel Offset.*\n/,
    `[    1.0]  [<${(CODE + 0x5000n + 4n).toString(16)}>] outer+0x4/0x30\n`,
  ).replace("RBX: ffff888000000000", `RBX: ${(CODE + 0x5032n).toString(16).padStart(16, "0")}`);
  return withFiles(
    vmlinux(),
    async (server) => assert.match(await hoverOn(server, /RBX/, "RBX", log), /`second\+0x2`/),
    log,
  );
});

test("a System.map names addresses and has no lines", () =>
  withFiles({ systemMap: join(folder, "System.map") }, async (server) => {
    assert.match(await hoverOn(server, /RAX/, "RAX"), /`second\+0x2`[^]*From System\\.map/);
    assert.deepEqual(await labelsOf(server), {});
  }));

test("the definition of an entry and a symbol of the workspace are in the configured tree", () =>
  withFiles(vmlinux(), async (server) => {
    const [place] = await server.at<Location[]>("textDocument/definition", URI, LOG, /second/, "second");
    assert.equal(place?.uri, pathToFileURL(join(folder, "kernel/b.h")).href);
    const symbols = await server.request<SymbolInformation[]>("workspace/symbol", { query: "sec" });
    assert.deepEqual(
      symbols.map(({ name, location }) => [name, location.uri]),
      [["second", place.uri]],
    );
  }));

test("a report offers its resolved call trace", () =>
  withFiles(vmlinux(), async (server) => {
    const lenses = await server.request<CodeLens[]>("textDocument/codeLens", everything);
    assert.deepEqual(
      lenses.map(({ command }) => command?.title),
      ["Analyze", "Resolve Call Trace", "Open the Crash Dump of This Report…"],
    );
  }));

test("files that are not there, or no kernels, are survived; settings that change count", () =>
  withFiles({ vmlinux: "/absent", systemMap: resolve("package.json"), kernelSource: [folder] }, async (server) => {
    assert.deepEqual(await labelsOf(server), {});
    await server.connection.sendNotification("vmcore/settingsChanged", vmlinux());
    assert.ok("second+0x8/0x30" in (await labelsOf(server)));
    await server.connection.sendNotification("vmcore/settingsChanged", { vmlinux: 7, modules: "x" });
    assert.deepEqual(await labelsOf(server), {});
  }));
