import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { blocksOf } from "../../../src/document/markdown.ts";
import { DapClient, Refused } from "../client.ts";

let client: DapClient;
before(async () => {
  client = await DapClient.launch({ vmcore: "sample/vmcore", modules: ["sample"] });
});
after(() => client.close());

interface Cell {
  readonly text: string;
  readonly answered: boolean;
}
const runCell = (lines: string): Promise<Cell> => client.request("vmcore/runCell", { lines });

test("the report of the open dump is Markdown, or a page", async () => {
  const { text } = await client.request<{ text: string }>("vmcore/report", { format: "markdown" });
  assert.match(text, /^# Crash report: BUG: unable to handle kernel NULL pointer dereference in lab\\?_apply\n/);
  const page = await client.request<{ text: string }>("vmcore/report", { format: "html" });
  assert.match(page.text, /^<!doctype html>/);
});

test("the lines of a cell run in order, and what they set applies to later cells", async () => {
  assert.match((await runCell("set 1\nset | grep PID")).text, /PID: 1\n.*PID: 1$/s);
  assert.deepEqual(await runCell("set | grep PID"), { text: "    PID: 1", answered: true });
});

test("an error is the output of its cell, and the session goes on", async () => {
  const wrong = await runCell("nosuchcommand");
  assert.equal(wrong.answered, false);
  assert.match(wrong.text, /command not found/);
  await runCell("exit");
  assert.equal((await runCell("sys | grep MACHINE")).answered, true);
});

test("a cell runs no shell and writes no file", async () => {
  assert.match((await runCell("!id")).text, /not run in a document/);
  assert.match((await runCell("sys > /tmp/never")).text, /not read or written/);
});

test("Markdown becomes a page, and an argument of another type is refused", async () => {
  const { text } = await client.request<{ text: string }>("vmcore/page", { markdown: "# A\n\n```crash\nsys\n```\n" });
  assert.match(text, /<h1>A<\/h1>\n<figure><pre class="command">sys<\/pre><\/figure>/);
  await assert.rejects(client.request("vmcore/page", { markdown: 1 }), Refused);
});

test("the console's lines are copied as a notebook: commands, expressions, mistakes and cancelled commands", async () => {
  const repl = (expression: string) => client.request("evaluate", { expression, context: "repl" });
  await repl("sys | grep MACHINE");
  await repl("init_task.pid");
  await repl("init_task.thread_info");
  await repl("nosuchcommand").catch(() => undefined);
  const long = client.send("evaluate", { expression: "search -k 12345678", context: "repl" });
  await client.request("cancel", { requestId: long.seq });
  await long.response.catch(() => undefined);
  const { text, commands } = await client.request<{ text: string; commands: number }>("vmcore/transcript", {});
  const cells = blocksOf(text).flatMap((block) => (block.kind === "command" ? [block] : []));
  assert.equal(cells.length, commands);
  assert.match(text, /^# Session on vmcore\n/);
  assert.deepEqual(
    cells.slice(-5).map(({ lines }) => lines),
    ["sys | grep MACHINE", "init_task.pid", "init_task.thread_info", "nosuchcommand", "search -k 12345678"],
  );
  const [machine, pid, info, wrong, cancelled] = cells.slice(-5).map(({ output }) => output ?? "");
  assert.match(machine!, /^ +MACHINE: x86_64/);
  assert.equal(pid, "0");
  assert.match(info!, /^\{\n {2}flags = /);
  assert.match(wrong!, /nosuchcommand/);
  assert.match(cancelled!, /\[\.\.\. the command was cancelled here\]$/);
  // The notebook runs again.
  assert.equal((await runCell(cells.at(-5)!.lines)).text, machine);
});

test("two dumps are compared, and the other one is refused as at its opening", async () => {
  const { text } = await client.request<{ text: string }>("vmcore/compare", { vmcore: ["sample/vmcore"] });
  assert.match(text, /^# Comparison of two dumps: same bug\n/);
  assert.match(text, /^\*\*B\*\* is `sample\/vmcore`: /m);
  await assert.rejects(client.request("vmcore/compare", { vmcore: ["none/vmcore"] }), /none\/vmcore: no such dump/);
  await assert.rejects(client.request("vmcore/compare", { vmcore: ["package.json"] }), /package\.json/);
  await assert.rejects(client.request("vmcore/compare", { vmcore: [] }), /name the files of the other dump/);
  await assert.rejects(client.request("vmcore/compare", { vmcore: "x" }), /must be a list of strings/);
});

test("a comparison is cancelled, and the session goes on", async () => {
  const { seq, response } = client.send("vmcore/compare", { vmcore: ["sample/vmcore"] });
  await client.request("cancel", { requestId: seq });
  const { success, message } = await response;
  assert.equal(success, false);
  assert.equal(message, "cancelled");
  assert.equal((await runCell("sys | grep MACHINE")).answered, true);
});

test("a cell is cancelled while its commands print, and other requests are answered meanwhile", async () => {
  const began = performance.now();
  const { seq, response } = client.send("vmcore/runCell", { lines: "foreach bt -FF\n".repeat(200) });
  assert.equal((await runCell("sys | grep MACHINE")).answered, true);
  await client.request("cancel", { requestId: seq });
  const { success, message } = await response;
  assert.deepEqual({ success, message }, { success: false, message: "cancelled" });
  assert.ok(performance.now() - began < 10_000);
});
