/** Every face uses a session's source lines and members of structures in the same way. */
import assert from "node:assert/strict";
import { resolve } from "node:path";
import { after, before, test } from "node:test";
import type { DebugProtocol } from "@vscode/debugprotocol";
import { codeOf, questionsOf } from "../../src/log/instruction.ts";
import { answeredContext } from "../../src/log/context.ts";
import { factsOf } from "../../src/log/facts.ts";
import { KernelLog } from "../../src/log/kernelLog.ts";
import { type Summary, type SummaryRow, summaryOf } from "../../src/log/summary.ts";
import type { Ask } from "../../src/panels/ask.ts";
import { meaningRows } from "../../src/panels/log/logExplain.ts";
import { LogExplained } from "../../src/panels/log/logExplained.ts";
import { LoadedLog } from "../../src/panels/log/logLoad.ts";
import type { Described, LogMessage, PlaceQuery } from "../../src/protocol/custom.ts";
import type { Opcode } from "../../src/protocol/opcodes.ts";
import { codeDecoder } from "../../src/session/open/codeDecoder.ts";
import { contextOfKernel } from "../../src/session/open/logContext.ts";
import type { StaticKernel } from "../../src/session/open/staticKernel.ts";
import { DapClient } from "../adapter/client.ts";
import { LspClient } from "../lsp/client.ts";

const SAMPLE = resolve("sample");
let server: LspClient;
let debug: DapClient;
before(async () => {
  [server, debug] = await Promise.all([
    LspClient.start(),
    DapClient.launch({ vmcore: "sample/vmcore", modules: SAMPLE, kernelSource: SAMPLE }),
  ]);
});
after(() => Promise.all([server.close(), debug.close()]));

const plain = (markdown: string): string => markdown.replaceAll("\\", "").replaceAll("`", "").replaceAll("<br>", "\n");

/** The page that the language server shows for the report of a line. */
async function pageOf(text: string, line: number, answer: LspClient["answer"]): Promise<string> {
  const uri = `untitled:${String(line)}-${String(text.length)}`;
  server.answer = answer;
  await server.connection.sendNotification("vmcore/sessionChanged", {});
  await server.open(uri, text);
  const page = await server.request<{ markdown: string } | null>("vmcore/analysis", { uri, line });
  return plain(page?.markdown ?? "");
}

function assertOnPage(page: string, { explanation, rows }: Pick<Summary, "explanation" | "rows">): void {
  assert.ok(page.includes(`> ${plain(explanation)}\n`), `${explanation}\n${page}`);
  for (const { key, label, text } of rows) {
    const value = key === "address" ? text.replace(/^0x0+(?=.)/, "0x") : plain(text);
    assert.ok(page.includes(`| **${label}** | ${value}`), `${label}: ${text}\n${page}`);
  }
}

/** The rows that the panel puts below the headline of a log's first report. */
async function panelRows(ask: Ask): Promise<readonly string[]> {
  const log = new LoadedLog(ask);
  await log.readNewest();
  const explained = new LogExplained(log, ask);
  await explained.explain(0);
  const headline = log.reports[0]?.summary?.at ?? -1;
  const numbers = explained.entries().get(headline) ?? [];
  return numbers.map((number) => explained.lineOf(number)?.text ?? "");
}

const textsOf = (summary: Pick<Summary, "explanation" | "rows">): string[] =>
  meaningRows(summary as Summary).map(({ text }) => text);

test("with a session the exception, the panel and the language server tell its source line", async () => {
  const { threadId } = await debug.event<{ threadId: number }>("stopped");
  const { details } = await debug.request<DebugProtocol.ExceptionInfoResponse["body"]>("exceptionInfo", { threadId });
  const { meaning, facts } = details as { meaning: string; facts: SummaryRow[] };
  const where = facts.find(({ key }) => key === "where")?.text ?? "";
  assert.match(where, /^lab_apply\+0x2f of module lab_nullderef \(.*lab_nullderef\.c:27\)$/);
  const told = { explanation: meaning, rows: facts };

  const requests = { log: "vmcore/kernelLog", describe: "vmcore/describe", opcodes: "vmcore/opcodes" } as const;
  const ask = ((name: keyof typeof requests, args: object) => debug.request(requests[name], args)) as Ask;
  assert.deepEqual(await panelRows(ask), textsOf(told));

  const text = await debug.command("log");
  const at = text.split("\n").findIndex((line) => line.includes("BUG: kernel NULL"));
  const page = await pageOf(text, at, ({ request, arguments: args }) => debug.request(request, args));
  assertOnPage(page, { ...told, rows: facts.filter(({ key }) => key !== "address") });
});

/** A member of a structure is read at NULL; the session has its type. */
const MEMBER = `BUG: kernel NULL pointer dereference, address: 0000000000000008
#PF: supervisor read access in kernel mode
#PF: error_code(0x0000) - not-present page
Oops: 0000 [#1] PREEMPT SMP NOPTI
CPU: 0 PID: 86 Comm: lab Not tainted 6.1.0-56-cloud-amd64 #1
RIP: 0010:lab_walk+0x4/0x20
Code: 90 90 90 90 <48> 8b 40 08 c3 90 90 90
RSP: 0018:ffffd2a400003ea8 EFLAGS: 00000202
RAX: 0000000000000000 RBX: 0000000000000101 RCX: 0000000000000101
Call Trace:
 <TASK>
 lab_open+0x19/0x40
 </TASK>
---[ end trace 0000000000000000 ]---`;

const MEMBER_QUERY: PlaceQuery = { text: "lab_walk+0x4/0x20", returns: false };

/** What the session says of a place: its line, and of an access the member. */
const described = ({ text, access }: PlaceQuery): Described => ({
  address: "0xffffffff81000004",
  symbol: text,
  code: true,
  what: undefined,
  ...(access && { member: `member \`next\` of \`struct lab_node\` (variable \`${access.register}_node\`)` }),
  places: [{ function: "lab_walk", file: "drivers/lab/walk.c", line: 27, path: undefined }],
});

test("a member that the session knows is in the explanation of every face", async () => {
  const lines = MEMBER.split("\n").map((line, i) => `[    7.10000${String(i % 10)}] ${line}`);
  const log = KernelLog.of(lines);
  const [report] = log.reports;
  assert.ok(report);
  const facts = factsOf(log, report);
  const disassemble = await codeDecoder([facts.machine]);
  const { guilty, member } = questionsOf(facts, { disassemble });
  assert.equal(guilty?.place.name, "lab_walk");
  assert.deepEqual(member?.based, { register: "rax", displacement: 8 });

  const kernel = { describe: (query: PlaceQuery) => described(query) } as unknown as StaticKernel;
  // The terminal's, with `--vmlinux`.
  const summary = summaryOf(log, report, contextOfKernel(kernel, disassemble));
  assert.match(summary.explanation, /member `next` of `struct lab_node` \(variable `rax_node`\)/);
  assert.equal(summary.rows.find(({ key }) => key === "where")?.text, "lab_walk+0x4 (drivers/lab/walk.c:27)");

  const { places, member: name } = described({ ...MEMBER_QUERY, access: member.based });
  assert.deepEqual(summaryOf(log, report, answeredContext({ source: places[0], member: name }, disassemble)), summary);

  const messages = log.lines.map(({ text }): LogMessage => ({
    text,
    time_ns: "7100000000",
    level: undefined,
    caller: undefined,
  }));
  const instructions = codeOf(facts, { disassemble }).map(({ distance, mnemonic, operands }): Opcode => ({
    address: `0x${(0x1000 + distance).toString(16)}`,
    symbol: undefined,
    bytes: "",
    text: `${mnemonic} ${operands}`,
    faulting: distance === 0,
  }));
  const ask = ((name: string, args: object) => {
    // The page's requests are JSON.
    const { places = [] } = JSON.parse(JSON.stringify(args)) as { places?: PlaceQuery[] };
    if (name === "log") return Promise.resolve({ messages, first: 0 });
    return Promise.resolve(name === "describe" ? { described: places.map(described) } : { instructions });
  }) as Ask;
  assert.deepEqual((await panelRows(ask)).slice(0, textsOf(summary).length), textsOf(summary));

  const page = await pageOf(lines.join("\n"), report.at, ({ request, arguments: args }) =>
    Promise.resolve(
      request === "vmcore/about"
        ? { vmcore: ["vmcore"], release: "6.1.0-56-cloud-amd64", types: [], symbols: [] }
        : request === "vmcore/describe"
          ? { described: (args as { places: PlaceQuery[] }).places.map(described) }
          : null,
    ),
  );
  assertOnPage(page, summary);
});
