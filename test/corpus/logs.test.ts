import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import type { InlayHint } from "vscode-languageserver/node";
import { entriesIn, type LineEntry } from "../../src/log/entries.ts";
import { factsOf } from "../../src/log/facts.ts";
import { KernelLog } from "../../src/log/kernelLog.ts";
import { landmarksOf } from "../../src/log/landmarks.ts";
import { DapClient } from "../adapter/client.ts";
import { LspClient } from "../lsp/client.ts";
import { askDrgn, type CorpusDump, drgnAccount, type DrgnFrame, hasDrgn, madeDump, moduleFolders, storedDumps, vmlinuxOf } from "./corpus.ts"; // prettier-ignore

const logOf = (vmcore: string): string => readFileSync(join(dirname(vmcore), "console.log"), "utf8");

for (const { name, vmcore } of storedDumps) {
  test(`${name}: the console's log ends in a panic with a call trace`, () => {
    const log = KernelLog.of(logOf(vmcore).split("\n"));
    const facts = log.reports.map((report) => factsOf(log, report));
    assert.ok(facts.some(({ headline, panic }) => (panic ?? headline).startsWith("Kernel panic")));
    assert.ok(facts.some(({ traces }) => traces.length > 0));
    const entries = entriesIn(log, 0, log.lines.length);
    assert.ok(entries.length >= 9, `${entries.length} entries`);
    assert.match(landmarksOf(log).release ?? "", /^6\./);
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

/** Lines of the places that call traces name; null where drgn has none, or several functions have that name. */
const linesScript = (entries: readonly LineEntry[]): string => `
import json
def lines(name, offset, size, module, returns):
    found = [symbol for symbol in prog.symbols(name) if not module or prog.module(symbol.address).name == module]
    if len(found) > 1:
        # The kernel's tables know no sizes: a function reaches to the next one, which is aligned.
        found = [symbol for symbol in found if 0 <= size - symbol.size < 16]
    if len(found) != 1:
        return None
    return " ".join(f"{place.filename}:{place.line}"
                    for place in prog.source_location(found[0].address + offset - returns))
def asked(*entry):
    try:
        return lines(*entry)
    except LookupError:
        return None
print(json.dumps([asked(*entry) for entry in json.loads(${JSON.stringify(JSON.stringify(entries.map(asRow)))})]))
`;

const asRow = ({ word, returns }: LineEntry): unknown[] =>
  word.kind === "symbol"
    ? [word.name, word.offset, word.size ?? 0, word.module ?? "", Number(returns)]
    : ["", 0, 0, "", 0];

/** Entries of a log's call traces by line number, and what drgn says of each. */
function drgnLinesOf(dump: CorpusDump, vmlinux: string, text: string): Map<number, string | null> {
  const stacks = new Map<string, string>();
  for (const { stack } of dump.ref ? drgnAccount(dump.ref).tasks : []) drgnLines(stack ?? [], stacks);
  const log = KernelLog.of(text.split("\n"));
  const entries = entriesIn(log, 0, log.lines.length);
  const script = linesScript(entries.map(([, entry]) => entry));
  const answers = askDrgn<(string | null)[]>(dump, vmlinux, script);
  // Where drgn unwound through the place itself, that also tells whether it is a return address.
  return new Map(entries.map(([line, { word }], i) => [line, stacks.get(placeText(word)) ?? answers[i] ?? null]));
}

const placeText = (word: LineEntry["word"]): string =>
  word.kind === "symbol" ? `${word.name}+0x${word.offset.toString(16)}` : "";

/** What the server shows beside the lines of a log, by line number, as drgn's lines are written. */
async function hintsOf(server: LspClient, text: string): Promise<Map<number, string>> {
  await server.open("untitled:log", text);
  const hints = await server.request<InlayHint[]>("textDocument/inlayHint", {
    textDocument: { uri: "untitled:log" },
    range: { start: { line: 0, character: 0 }, end: { line: 100_000, character: 0 } },
  });
  const places = (tooltip: string): string[] => tooltip.split("\n").map((one) => one.slice(one.indexOf(" ") + 1));
  return new Map(hints.map(({ position, tooltip }) => [position.line, places(tooltip as string).join(" ")]));
}

/** Made on demand: a BUG() in a module, an out-of-memory panic, a soft lockup. */
const dumps: readonly (readonly [string, () => CorpusDump])[] = [
  ...storedDumps.map((dump) => [dump.name, () => dump] as const),
  ...["bugon", "oom", "softlockup"].map((scenario) => [scenario, () => madeDump(scenario)] as const),
];

for (const [name, dumpOf] of storedDumps.length > 0 ? dumps : []) {
  test(`${name}: every entry of the log's call traces has the source lines that drgn gives`, async (t) => {
    const dump = dumpOf();
    const { vmcore, family } = dump;
    const vmlinux = vmlinuxOf(family);
    if (vmlinux === undefined) return t.skip(`NOT RUN: no vmlinux of ${family} to be had`);
    if (!hasDrgn) return t.skip("NOT RUN: no drgn to be had here");
    const text = logOf(vmcore);
    const theirs = drgnLinesOf(dump, vmlinux, text);
    const modules = moduleFolders(dump, vmlinux);
    for (const hasSession of [true, false]) {
      const server = await LspClient.start([], hasSession ? {} : { vmlinux, modules });
      const debug = hasSession ? await DapClient.launch({ vmcore, vmlinux, modules }) : undefined;
      try {
        if (debug) server.answer = ({ request, arguments: args }) => debug.request(request, args);
        const ours = await hintsOf(server, text);
        const wrong = [...theirs].filter(([line, lines]) => lines !== null && (ours.get(line) ?? "") !== lines);
        const said = wrong.map(([line, lines]) => `${text.split("\n")[line]}: ${ours.get(line)}, drgn: ${lines}`);
        assert.deepEqual(said, [], hasSession ? "with a session" : "with the vmlinux alone");
      } finally {
        await Promise.all([server.close(), debug?.close()]);
      }
    }
    const [all, doubtful] = [theirs.size, [...theirs.values()].filter((lines) => lines === null).length];
    t.diagnostic(`${all} entries, ${doubtful} of which drgn does not know a line`);
    // A guest crashes by a path of its own each time that one is made; the shortest seen has 8.
    assert.ok(all >= 8 && doubtful <= all / 5, `${all} entries, ${doubtful} doubtful`);
  });
}
