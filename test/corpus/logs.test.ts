import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import type { InlayHint } from "vscode-languageserver/node";
import { readKernelLog } from "../../src/lsp/kernelLog.ts";
import { DapClient } from "../adapter/client.ts";
import { LspClient } from "../lsp/client.ts";
import { type DrgnFrame, drgnAccount, moduleFolders, storedDumps, vmlinuxOf } from "./corpus.ts";

const logOf = (vmcore: string): string => readFileSync(join(dirname(vmcore), "console.log"), "utf8");

for (const { name, vmcore } of storedDumps) {
  test(`${name}: the console's log ends in a panic with a call trace`, () => {
    const { reports, entries, release } = readKernelLog(logOf(vmcore).split("\n"));
    assert.ok(reports.some(({ title }) => title.startsWith("Kernel panic")));
    assert.ok(reports.some(({ traces }) => traces.length > 0));
    assert.ok(entries.size >= 9, `${entries.size} entries`);
    assert.match(release ?? "", /^6\./);
  });
}

/** drgn's lines of each place that its stacks name, the innermost first; inlined frames come before theirs. */
function drgnLines(frames: readonly (DrgnFrame & { offset?: string })[], lines: Map<string, string>): void {
  let inlined: string[] = [];
  for (const { symbol, offset, inline, interrupted, file, line } of frames) {
    inlined.push(`${file}:${line}`);
    if (inline) continue;
    if (!interrupted && symbol && offset) lines.set(`${symbol}+${offset}`, inlined.join(" "));
    inlined = [];
  }
}

/** Lines of the log beside which the server shows other places than drgn; and how many agree. */
async function compared(server: LspClient, text: string, theirs: Map<string, string>): Promise<[number, string[]]> {
  await server.open("untitled:log", text);
  const hints = await server.request<InlayHint[]>("textDocument/inlayHint", {
    textDocument: { uri: "untitled:log" },
    range: { start: { line: 0, character: 0 }, end: { line: 100_000, character: 0 } },
  });
  let agreed = 0;
  const wrong: string[] = [];
  for (const { position, tooltip } of hints) {
    const line = text.split("\n")[position.line] ?? "";
    const place = /[\s:>]([\w.]+\+0x[0-9a-f]+)\//.exec(line)?.[1] ?? "";
    const expected = theirs.get(place);
    if (expected === undefined || line.includes("?")) continue;
    const ours = (tooltip as string).split("\n").map((one) => one.slice(one.indexOf(" ") + 1));
    if (ours.join(" ") === expected) agreed++;
    else wrong.push(`${line}: ${ours.join(" ")}, drgn: ${expected}`);
  }
  return [agreed, wrong];
}

/** Entries that both name at least: drgn has no debuginfo of the sample's module, and s390x prints few. */
const least = (name: string): number => (name === "sample" ? 1 : name.startsWith("s390x") ? 2 : 5);

for (const dump of storedDumps) {
  const { name, vmcore, family, ref } = dump;
  for (const [how, hasSession] of [
    ["a session", true],
    ["the vmlinux alone", false],
  ] as const) {
    test(`${name}: with ${how} the lines of the log's call traces are those of drgn`, async (t) => {
      const vmlinux = vmlinuxOf(family);
      if (vmlinux === undefined || ref === undefined) return t.skip("NO VMLINUX OR NO REFERENCE");
      const theirs = new Map<string, string>();
      for (const { stack } of drgnAccount(ref).tasks) drgnLines(stack ?? [], theirs);
      const modules = moduleFolders(dump, vmlinux);
      const server = await LspClient.start([], hasSession ? {} : { vmlinux, modules });
      const debug = hasSession ? await DapClient.launch({ vmcore, vmlinux, modules }) : undefined;
      try {
        if (debug) server.answer = ({ request, arguments: args }) => debug.request(request, args);
        const [agreed, wrong] = await compared(server, logOf(vmcore), theirs);
        t.diagnostic(`${agreed} lines agree`);
        assert.deepEqual(wrong, []);
        assert.ok(agreed >= least(name), `${agreed} lines compared`);
      } finally {
        await Promise.all([server.close(), debug?.close()]);
      }
    });
  }
}
