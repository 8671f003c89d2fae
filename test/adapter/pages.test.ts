import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { after, before, test } from "node:test";
import type { Described, Identified, LogMessage, LogStretch, TaskStack } from "../../src/protocol/custom.ts";
import type { Opcode } from "../../src/protocol/opcodes.ts";
import type { Grid, GridCell } from "../../src/protocol/grid.ts";
import type { VerdictSource, VerdictState } from "../../src/protocol/verdict.ts";
import { pages } from "../../src/extension/panel/pages.ts";
import { DapClient, Refused } from "./client.ts";

const VMCORE = "sample/vmcore";
/** insmod's `task_struct`. */
const TASK = "0xffff8ef68526c180";

let client: DapClient;
before(async () => {
  client = await DapClient.launch({ vmcore: VMCORE });
});
after(() => client.close());

const run = (line: string): Promise<Grid> => client.request("vmcore/run", { line });
const identify = (text: string): Promise<Identified> => client.request("vmcore/identify", { text });

/** What `--json` says of command lines, a document each, by one run for all of them. */
function documents(lines: readonly string[]): ReadonlyMap<string, Record<string, unknown>[]> {
  const commands = lines.flatMap((line) => ["-c", line]);
  const text = execFileSync(process.execPath, ["src/cli/main.ts", "--no-rc", VMCORE, "--json", ...commands], {
    encoding: "utf8",
    maxBuffer: 1 << 26,
  });
  const parts = text.split(/(?<=\]\}\n)(?=\{"schema")/).filter((part) => part.trim() !== "");
  assert.equal(parts.length, lines.length);
  return new Map(
    lines.map((line, i) => [line, (JSON.parse(parts[i] ?? "") as { records: Record<string, unknown>[] }).records]),
  );
}
const all = documents([...new Set(["ps", "mount", "ipcs", ...pages.map(({ line }) => line)])]);
const json = (line: string): Record<string, unknown>[] => all.get(line) ?? [];

/** The rows as the records they were made of. */
const records = ({ tables }: Grid): Record<string, GridCell>[] =>
  tables.flatMap(({ columns, rows }) =>
    rows.map((row) => {
      const record: Record<string, GridCell> = {};
      for (const [i, { name }] of columns.entries()) if (row[i] != null) record[name] = row[i];
      return record;
    }),
  );

for (const line of ["ps", "mount", "ipcs"]) {
  test(`a page shows the same rows of ${line} as --json`, async () => {
    assert.deepEqual(records(await run(line)), json(line));
  });
}

test("a command that the user ends answers with the rows so far, and says that there may be more", async () => {
  const line = "search -k -c e";
  const rows = run(line);
  await client.request("vmcore/stopRun", { line });
  const { tables, remarks } = await rows;
  assert.deepEqual(remarks, ["Stopped: there may be more rows."]);
  const found = tables.reduce((sum, table) => sum + table.rows.length, 0);
  assert.ok(found < 250_000, `${found} rows`);
  // A line that does not run is no error.
  await client.request("vmcore/stopRun", { line: "ps" });
  assert.deepEqual((await run("ps")).remarks, []);
});

test("rows of slab objects come with a note about omitted ones and the command that lists all", async () => {
  const { omissions } = await run("kmem -S dentry");
  assert.match(omissions[0]?.sentence ?? "", /^\d+ of 11004 objects: \d+ slabs are on none of the lists/);
  const line = omissions[0]?.all.line ?? "";
  assert.equal(line, "kmem -S -a dentry");
  const all = await run(line);
  assert.deepEqual(all.omissions, []);
  assert.equal(records(all).filter(({ free }) => free === false).length, 10966);
});

test("parts of the log, newest first, together equal log --json", async () => {
  const messages: LogMessage[] = [];
  for (let before: number | undefined; before !== 0;) {
    const stretch: LogStretch = await client.request("vmcore/kernelLog", { count: 100, before });
    messages.unshift(...stretch.messages);
    before = stretch.first;
  }
  const said = json("log").map(({ text, time_ns, level, caller }) => ({ text, time_ns, level, caller }));
  assert.deepEqual(messages, JSON.parse(JSON.stringify(said)));
});

/** What records hold, as `name=value`; the members of lists by their own names, lists of plain values as one. */
function leaves(value: unknown, name: string, found: Set<string>): Set<string> {
  if (Array.isArray(value) && value.some(isRecord)) for (const one of value) leaves(one, name, found);
  else if (isRecord(value) && !("fault" in value)) {
    for (const [key, within] of Object.entries(value)) leaves(within, key, found);
  } else if (Array.isArray(value))
    found.add(`${name}=${value.map((one) => (typeof one === "string" ? one : JSON.stringify(one))).join(", ")}`);
  else if (value != null) found.add(`${name}=${typeof value === "string" ? value : JSON.stringify(value)}`);
  return found;
}
const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

for (const { id, line } of pages.filter(({ kind }) => kind !== "verdict")) {
  test(`the table of ${id} contains every value of ${line} --json and no other`, async () => {
    const shown = new Set<string>();
    for (const record of records(await run(line))) {
      for (const [name, value] of Object.entries(record)) leaves(value, name.split(".").at(-1) ?? "", shown);
    }
    const expected = leaves(
      json(line).map((one) => one),
      "",
      new Set(),
    );
    // An empty list has no rows of its own, and stands in its record as an empty cell.
    // And a debugger's session finds a module's file beside the dump, where the terminal's does not look.
    const isLeftOut = (one: string): boolean => one.endsWith("=") || /^file=.*\.ko$/.test(one);
    for (const set of [shown, expected]) for (const one of set) if (isLeftOut(one)) set.delete(one);
    assert.deepEqual([...shown].sort(), [...expected].sort());
  });
}

/** Runs all checks, as the Verdict page does. */
async function verdict(): Promise<{ state: VerdictState; turns: number }> {
  let state: VerdictState = await client.request("vmcore/verdict", { known: 0, runs: false });
  let turns = 0;
  for (; state.running !== undefined; turns++)
    state = await client.request("vmcore/verdict", { known: state.version, runs: true });
  return { state, turns };
}

test("the Verdict page has the sentences of analyze --json, each with evidence that leads somewhere", async () => {
  const { state, turns } = await verdict();
  assert.ok(turns > 1, "findings come one after another");
  const sentences = state.sections.flatMap((section) => section.sentences);
  const said = sentences.map(({ id, certainty, parts }) => ({
    id,
    certainty,
    text: parts.map(({ text, full }) => full ?? text).join(""),
  }));
  const [told] = json("analyze") as unknown as { title: string; key: string; findings: typeof said }[];
  const expected = told?.findings.map(({ id, certainty, text }) => ({ id, certainty, text: text.replaceAll("`", "") }));
  const byId = (a: { id: string; text: string }, b: { id: string; text: string }): number =>
    `${a.id} ${a.text}`.localeCompare(`${b.id} ${b.text}`);
  assert.deepEqual(said.sort(byId), expected?.sort(byId));
  assert.deepEqual([state.title, state.key], [told?.title, told?.key]);
  for (const { id, evidence } of sentences)
    assert.ok(
      evidence.some(({ link }) => link),
      id,
    );
  assert.equal(
    state.lead?.parts.map(({ text }) => text).join(""),
    "cfg->target is NULL in lab_poke (lab_nullderef.c:27), inlined into lab_apply.",
  );
});

test("once the checks have run, the verdict and the exception are answered without running them again", async () => {
  const { state } = await verdict();
  const again = await verdict();
  assert.equal(again.turns, 0);
  assert.equal(again.state.version, state.version);
});

test("a link to a line of the log counts from the end of the log", async () => {
  const { state } = await verdict();
  const link = state.sections
    .flatMap(({ sentences }) => sentences.flatMap(({ parts }) => parts))
    .find(({ link: one }) => one?.kind === "log");
  const lines = json("log").flatMap(({ text }) => String(text).split("\n"));
  assert.equal(`"${lines.at(-Number(link?.link?.target))}"`, link?.text);
});

test("the source lines of the crash, and a section as Markdown", async () => {
  await verdict();
  const { source } = await client.request<{ source: VerdictSource | null }>("vmcore/verdictSource", {});
  assert.equal(source?.line, 27);
  assert.match(source.lines[source.line - source.first] ?? "", /\*p = value;/);
  const { text } = await client.request<{ text: string }>("vmcore/verdictText", { section: "where" });
  assert.match(text, /^## Where\n[^]*> 27 {2}\t\*p = value;/);
});

test("tasks and addresses have links", async () => {
  const kinds = (await run("ps")).tables[0]?.columns.map(({ name, kind }) => `${name}:${kind}`);
  assert.ok(kinds?.includes("task:task"), kinds?.join(" "));
  const mounts = (await run("mount")).tables[0]?.columns.map(({ kind }) => kind);
  assert.deepEqual(mounts, ["address", "address", "text", "text", "text"]);
});

test("an unknown command gives an error instead of rows", async () => {
  const { tables, remarks } = await run("nonsense");
  assert.deepEqual(tables, []);
  assert.match(remarks.join(), /command not found: nonsense/);
});

test("a page starts no shell and writes no file", async () => {
  await assert.rejects(run("ps > /tmp/never"), Refused);
  await assert.rejects(run("!ls"), Refused);
});

test("settings changed by a page's command do not affect the console", async () => {
  await run("set 1");
  assert.match(await client.command("set"), /COMMAND: "insmod"/);
});

test("a task is selected by its address", async () => {
  const tasks = records(await run("ps"));
  const init = tasks.find(({ pid }) => pid === 1);
  await client.request("vmcore/select", { task: init?.["task"] });
  const { threadId } = await client.event<{ threadId: number }>("stopped", (body) => body.threadId === 1);
  assert.equal(threadId, 1);
  await assert.rejects(client.request("vmcore/select", { task: "0x1" }), Refused);
});

test("an address is identified by every object that contains it", async () => {
  const { address, containers } = await identify(TASK);
  assert.equal(address, TASK);
  const facts = (kind: string) =>
    Object.fromEntries(containers.find((one) => one.kind === kind)?.facts.map(({ name, text }) => [name, text]) ?? []);
  assert.equal(facts("task")["Task"], "insmod [169]");
  assert.equal(facts("slab object")["Cache"], "task_struct");
  assert.equal(facts("slab object")["State"], "allocated");
  assert.match(facts("page")["Physical"] ?? "", /^0x[0-9a-f]+180$/);
});

test("a struct can be opened as an object, and a page names its owner", async () => {
  const { containers } = await identify(TASK);
  const facts = containers.flatMap(({ kind, facts: all }) => all.map((one) => ({ kind, ...one })));
  const of = (kind: string, name: string) => facts.find((one) => one.kind === kind && one.name === name);
  assert.equal(of("slab object", "Struct")?.object, `*(struct task_struct *)${TASK}`);
  assert.equal(of("page", "Use")?.text, "slab of task_struct");
  assert.equal(of("physical address space", "Resource")?.text, "System RAM");
});

test("an address of neither the kernel nor the task is treated as physical", async () => {
  const facts = async (text: string): Promise<string[]> =>
    (await identify(text)).containers.flatMap(({ kind, facts: all }) =>
      all.map((one) => `${kind} ${one.name} ${one.text}`),
    );
  const memory = await facts("0x1000");
  assert.ok(memory.includes("page struct page 0xfffff8d340000040"));
  assert.ok(memory.includes("physical address space Resource System RAM"));
  const device = await facts("0xfed00000");
  assert.deepEqual(
    device.filter((one) => one.includes("Resource")),
    ["physical address space Resource HPET 0", "physical address space Resource PNP0103:00"],
  );
  assert.deepEqual(await facts("0xdead000000000122"), []);
});

test("a page of a file is identified by the file's path", async () => {
  const cached = records(await run("files -p 0xffff8ef683dcfac0"));
  const page = cached.map((one) => one["page"]).find((one) => typeof one === "string");
  const { containers } = await identify(page as string);
  const facts = containers.find(({ kind }) => kind === "page struct")?.facts ?? [];
  assert.equal(facts.find(({ name }) => name === "Use")?.text, "page cache of /init");
});

test("with a frame in front its locals count too, and addresses stay addresses", async () => {
  const { stackFrames } = await client.request<{ stackFrames: { id: number }[] }>("stackTrace", { threadId: 169 });
  const text = TASK.replace("0x", "");
  const found = await client.request<Identified>("vmcore/identify", { text, frameId: stackFrames[0]?.id });
  assert.equal(found.address, TASK);
  const register = await client.request<Identified>("vmcore/identify", { text: "$rsp", frameId: stackFrames[0]?.id });
  assert.ok(register.containers.some(({ kind }) => kind === "task stack"));
});

test("a symbol with an offset is an address like any other", async () => {
  const [first] = (await identify("panic+0x10")).containers;
  assert.deepEqual(first?.facts[0], { name: "Symbol", text: "panic", link: "panic" });
  assert.equal(first?.facts[1]?.text, "16 (0x10)");
});

const CODE =
  "41 54 45 31 e4 55 89 f5 53 48 89 fb 48 85 db 74 21 48 8d 53 04 89 ee 48 c7 c7 68 c0 24 c0 41 ff c4 e8 6e 7c 78 db 48 8b 43 20 <89> 28 48 8b 5b 18 eb da 44 89 e0 5b 5d 41 5c c3 cc cc cc cc 48 8b";
const opcodes = async (text: string, at: string | undefined): Promise<readonly Opcode[]> =>
  (await client.request<{ instructions: readonly Opcode[] }>("vmcore/opcodes", { text, at })).instructions;

test("the code of an oops is shown as instructions, with the faulting one marked", async () => {
  const instructions = await opcodes(CODE, "lab_apply+0x2f/0x43 [lab_nullderef]");
  assert.equal(instructions[0]?.symbol, "lab_apply+0x5");
  const faulting = instructions.filter((one) => one.faulting);
  assert.deepEqual(faulting, [
    {
      address: "0xffffffffc024b02f",
      symbol: "lab_apply+0x2f",
      bytes: "89 28",
      text: "mov    %ebp,(%rax)",
      faulting: true,
    },
  ]);
});

test("code of user space is decoded so that an instruction begins at the mark", async () => {
  // The first two bytes are the end of an instruction.
  const instructions = await opcodes("24 08 0f 05 <48> 3d 01 f0 ff ff 73 01 c3", "0x47fbe9");
  const at = instructions.findIndex(({ faulting }) => faulting);
  assert.match(instructions[at]?.text ?? "", /^cmp /);
  assert.match(instructions[at - 1]?.text ?? "", /^syscall/);
});

test("the faulting instruction is marked also where its address is not known", async () => {
  const instructions = await opcodes(CODE, undefined);
  assert.deepEqual(
    instructions.filter(({ faulting }) => faulting).map(({ text }) => text),
    ["mov    %ebp,(%rax)"],
  );
  assert.ok(instructions.length > 10);
});

test("the copies of several CPUs are left to the command p", async () => {
  const asked = client.request("evaluate", { expression: "runqueues:0,2", context: "watch" });
  await assert.rejects(asked, /enter "p runqueues:0,2" in the debug console/);
});

test("code without a mark is refused", async () => {
  await assert.rejects(opcodes("41 54 45", undefined), Refused);
});

test("a pointer to an object shows the cache of the object", async () => {
  const places = [{ text: "ffff8ef6849a9800", returns: false }];
  const { described } = await client.request<{ described: (Described | null)[] }>("vmcore/describe", { places });
  assert.equal(described[0]?.what, "kmalloc-64 object");
});

test("every view has the words of one identification: per-CPU variables, tasks, slab objects, stacks", async () => {
  const [offset = ""] = (await client.command("sym timer_bases")).split(" ");
  const [, address = ""] = /([0-9a-f]{16})$/m.exec(await client.command(`ptov ${offset}:1`)) ?? [];
  const places = [address, TASK].map((text) => ({ text, returns: false }));
  const { described } = await client.request<{ described: (Described | null)[] }>("vmcore/describe", { places });
  assert.deepEqual(
    described.map((one) => one?.what),
    ["<timer_bases> of CPU 1", "task_struct of insmod [169]"],
  );
});

test("a source file is found in the same places as the session's sources", async () => {
  const find = async (file: string) => (await client.request<{ path?: string }>("vmcore/sourceFile", { file })).path;
  assert.match((await find("/usr/src/crash-lab-6.1/modules/lab_nullderef.c")) ?? "", /sample.lab_nullderef\.c$/);
  assert.equal(await find("/etc/passwd"), undefined);
});

test("stacks are returned for the requested tasks, each with the function that characterizes it", async () => {
  const init = records(await run("ps")).find(({ pid }) => pid === 1)?.["task"];
  const tasks = [TASK, init as string, "0x1"];
  const { stacks } = await client.request<{ stacks: TaskStack[] }>("vmcore/stacks", { tasks });
  assert.deepEqual(
    stacks.map(({ task }) => task),
    tasks,
  );
  const [insmod, waiting, none] = stacks;
  // Behind all that reported the crash.
  assert.equal(insmod?.frames[insmod.at], "lab_apply+0x2f");
  assert.match(waiting?.frames[0] ?? "", /^__schedule\+/);
  assert.equal(waiting?.frames[waiting.at], "do_wait+0x114");
  assert.match(none?.fault ?? "", /no task/);
});
