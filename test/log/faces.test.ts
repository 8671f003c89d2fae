/** Every face tells the same of a report: the language server, the terminal, the panel, the exception. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import type { LogContext } from "../../src/log/context.ts";
import { factsOf } from "../../src/log/facts.ts";
import { KernelLog } from "../../src/log/kernelLog.ts";
import { type Summary, summaryOf } from "../../src/log/summary.ts";
import { oopsesOf } from "../../src/linux/printk/oops.ts";
import { reportsIn } from "../../src/panels/log/logLines.ts";
import { codeDecoder } from "../../src/session/open/codeDecoder.ts";
import { LspClient } from "../lsp/client.ts";

const folder = new URL("cases/", import.meta.url);
/** A blank line keeps the reports of two cases apart, and the next boot ends what stands open. */
const SEPARATOR = "\nLinux version 6.1.0-acme (acme@host) #1 SMP\n";
const text = readdirSync(folder)
  .filter((name) => name.startsWith("case-"))
  .sort()
  .map((name) => readFileSync(new URL(name, folder), "utf8"))
  .join(SEPARATOR);
const log = KernelLog.of(text.split("\n"));
/** Every face has a disassembler; none has a dump or a vmlinux of these kernels. */
const context: LogContext = {
  disassemble: await codeDecoder(log.reports.map((report) => factsOf(log, report).machine)),
};
const summaries = log.reports.map((report) => summaryOf(log, report, context));

let server: LspClient;
before(async () => {
  server = await LspClient.start();
  await server.open("untitled:cases", text);
});
after(() => server.close());

/** Markdown without its marks. */
const plain = (markdown: string): string => markdown.replaceAll("\\", "").replaceAll("`", "").replaceAll("<br>", " / ");

const rowsOf = ({ rows }: Summary): unknown => rows.map(({ key, label, text: value }) => ({ key, label, text: value }));

test("there are reports of all cases to compare", () => assert.ok(summaries.length >= 28, String(summaries.length)));

test("the language server's Analyze says the facts and the meaning", async () => {
  for (const summary of summaries) {
    const answer = await server.request<{ markdown: string } | null>("vmcore/analysis", {
      uri: "untitled:cases",
      line: summary.at,
    });
    const page = plain(answer?.markdown ?? "");
    assert.ok(page.includes(`> ${plain(summary.explanation)}\n`), summary.title);
    assert.ok(page.includes(`| **Title** | ${plain(summary.title)} |`), summary.title);
    for (const { key, label, text: value } of summary.rows) {
      const shown = page.split("\n").find((line) => line.startsWith(`| **${label}** | `)) ?? "";
      // The address is followed by what it is by itself.
      const wanted = key === "address" ? value.replace(/^0x0+/, "0x") : plain(value);
      assert.ok(shown.includes(wanted), `${summary.title}: ${label}: ${value}: ${shown}`);
    }
  }
});

test("the terminal's record has the same facts", () => {
  const program = ["--disable-warning=ExperimentalWarning", "src/cli/main.ts", "log", "--json", "-"];
  const { stdout } = spawnSync(process.execPath, program, { input: text, encoding: "utf8", maxBuffer: 1 << 26 });
  const { reports } = JSON.parse(stdout) as { reports: Record<string, unknown>[] };
  assert.deepEqual(
    reports.map(({ title, kind, severity, explanation, facts }) => ({ title, kind, severity, explanation, facts })),
    summaries.map((summary) => {
      const { title, kind, severity, explanation } = summary;
      return { title, kind, severity, explanation, facts: rowsOf(summary) };
    }),
  );
});

test("the Crash Dump panel's reports have the same facts, of the messages alone", () => {
  const messages = log.lines.map(({ text: message, seconds, caller, level }) => ({
    text: message,
    seconds,
    caller,
    level,
  }));
  const blocks = reportsIn(messages.map((message) => ({ ...message, continues: false })));
  assert.deepEqual(
    blocks
      .map(({ summaryWith }) => summaryWith?.(context))
      .map((summary) => [summary?.title, summary?.explanation, summary && rowsOf(summary)]),
    summaries.map((summary) => [summary.title, summary.explanation, rowsOf(summary)]),
  );
});

test("the exception's reports have the same facts", () => {
  const reports = oopsesOf(log);
  for (const summary of summaries.filter(({ severity }) => severity !== "notice")) {
    const oops = reports.find(({ report }) => report.at === summary.at);
    assert.ok(oops, summary.headline);
    const told = summaryOf(oops.log, oops.report, context);
    assert.deepEqual(
      [told.title, told.explanation, rowsOf(told)],
      [summary.title, summary.explanation, rowsOf(summary)],
    );
  }
});

test("the code of a report is an instruction with the values of its registers", () => {
  const instructions = summaries.flatMap(({ rows }) => rows.filter(({ key }) => key === "instruction"));
  assert.ok(
    instructions.some(({ text: value }) => value === "ldr r3, [r7]; r7 = 0xfa21200c"),
    JSON.stringify(instructions),
  );
});
