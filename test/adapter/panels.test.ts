import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { after, before, test } from "node:test";
import type { Identified } from "../../src/protocol/custom.ts";
import type { Grid, GridCell } from "../../src/protocol/grid.ts";
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

const json = (line: string): Record<string, unknown>[] =>
  JSON.parse(
    execFileSync(process.execPath, ["src/cli/main.ts", "--no-rc", VMCORE, "--json", "-c", line], { encoding: "utf8" }),
  ) as Record<string, unknown>[];

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
  test(`a panel's rows of ${line} are what --json says`, async () => {
    assert.deepEqual(records(await run(line)), json(line));
  });
}

test("tasks and addresses lead somewhere", async () => {
  const kinds = (await run("ps")).tables[0]?.columns.map(({ name, kind }) => `${name}:${kind}`);
  assert.ok(kinds?.includes("task:task"), kinds?.join(" "));
  const mounts = (await run("mount")).tables[0]?.columns.map(({ kind }) => kind);
  assert.deepEqual(mounts, ["address", "address", "text", "text", "text"]);
});

test("a command that does not exist says so in place of rows", async () => {
  const { tables, remarks } = await run("nonsense");
  assert.deepEqual(tables, []);
  assert.match(remarks.join(), /command not found: nonsense/);
});

test("a panel starts no shell and writes no file", async () => {
  await assert.rejects(run("ps > /tmp/never"), Refused);
  await assert.rejects(run("!ls"), Refused);
});

test("what a panel's command sets is not set for the console", async () => {
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

test("an address is known by everything that holds it", async () => {
  const { address, containers } = await identify(TASK);
  assert.equal(address, TASK);
  const facts = (kind: string) =>
    Object.fromEntries(containers.find((one) => one.kind === kind)?.facts.map(({ name, text }) => [name, text]) ?? []);
  assert.equal(facts("task")["Task"], "insmod [169]");
  assert.equal(facts("slab object")["Cache"], "task_struct");
  assert.equal(facts("slab object")["State"], "allocated");
  assert.match(facts("page")["Physical"] ?? "", /^0x[0-9a-f]+180$/);
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
