import assert from "node:assert/strict";
import { resolve } from "node:path";
import { after, before, test } from "node:test";
import type { Identifier, IdentifierText } from "../../../src/protocol/custom.ts";
import { DapClient } from "../client.ts";

let client: DapClient;
before(async () => {
  client = await DapClient.launch({ vmcore: "sample/vmcore", modules: resolve("sample") });
});
after(() => client.close());

async function about(expression: string, more: Partial<Identifier> = {}): Promise<IdentifierText> {
  const [root = "", ...members] = expression.split(/->|\./);
  const name = members.at(-1) ?? root;
  const identifier = {
    name,
    tag: undefined,
    expression,
    root,
    members,
    declared: undefined,
    frameId: undefined,
    ...more,
  };
  const { text } = await client.request<{ text: IdentifierText | null }>("vmcore/identifier", identifier);
  return text ?? { code: [], notes: [] };
}

test("a type has its members' places and its size", async () => {
  const { code, notes } = await about("list_head", { tag: "struct" });
  assert.equal(code[0], "struct list_head {");
  assert.match(code[2] ?? "", /\[8\] struct list_head \*prev;/);
  assert.deepEqual(notes, ["Size: 16 bytes"]);
  const large = await about("task_struct", { tag: "struct" });
  assert.ok(large.code.length < 50);
  assert.match(large.code.at(-2) ?? "", /\d+ more lines/);
});

test("a global has its value, a function its place, an enumerator its number", async () => {
  const { code } = await about("init_task");
  assert.equal(code[0], "struct task_struct init_task;");
  assert.match(code[1] ?? "", /comm = "swapper\/0"/);
  assert.match((await about("panic")).notes[0] ?? "", /^0xffffffff9b9c[0-9a-f]{4}, \d+ bytes/);
  assert.deepEqual((await about("PIDTYPE_PGID")).code, ["PIDTYPE_PGID = 2"]);
  assert.deepEqual((await about("no_such_thing")).code, []);
});

test("a per-CPU variable has a value on each CPU", async () => {
  const { code, notes } = await about("cpu_number");
  assert.match(code[0] ?? "", /int cpu_number;/);
  assert.equal(code[1], "[0] = 0");
  assert.match(notes[0] ?? "", /^Per-CPU, 4 bytes each/);
});

test("a member has its place in the type that the file declares, and its value where there is one", async () => {
  const { code } = await about("task->comm", { declared: "struct task_struct *" });
  assert.equal(code.length, 1);
  assert.match(code[0] ?? "", /^char comm\[16\]; {2}\/\/ struct task_struct\+0x[0-9a-f]+, 16 bytes$/);
  assert.match((await about("init_task.comm")).code[1] ?? "", /^init_task\.comm = "swapper\/0"/);
  assert.match(
    (await about("mm->owner->files", { declared: "struct mm_struct *" })).code[0] ?? "",
    /struct task_struct\+/,
  );
});

test("a member of what nobody declares has the structs that know it", async () => {
  const { code, notes } = await about("x->vruntime", { root: "" });
  assert.deepEqual(notes, ["Members of that name"]);
  assert.match(code.join("\n"), /u64 vruntime; {2}\/\/ struct sched_entity\+0x[0-9a-f]+, 8 bytes/);
  const many = await about("x->next", { root: "" });
  assert.equal(many.code.length, 13);
  assert.match(many.code.at(-1) ?? "", /\d+ more$/);
});

test("a local has the value of the selected frame", async () => {
  const { stackFrames } = await client.request<{ stackFrames: { id: number; name: string }[] }>("stackTrace", {
    threadId: (await client.request<{ threadId: number }>("vmcore/about", {})).threadId,
  });
  const frame = stackFrames.find(({ name }) => name.startsWith("lab_poke") || name.startsWith("lab_apply"));
  assert.ok(frame);
  const { code } = await about("value", { frameId: frame.id });
  assert.deepEqual(code, ["int value;", "value = 5"]);
  assert.match((await about("cfg->target", { frameId: frame.id })).code.join("\n"), /struct lab_config\+/);
});

test("current is the task of the selected frame, else the one that the session stopped at", async () => {
  assert.match((await about("current->comm")).code[1] ?? "", /^current->comm = "insmod"/);
  assert.match((await about("current->mm->pgd")).code.join("\n"), /struct mm_struct\+[^]*current->mm->pgd = 0xffff/);
  assert.equal((await about("current")).code[0], "struct task_struct *current;");
  const { threads } = await client.request<{ threads: { id: number; name: string }[] }>("threads");
  const other = threads.find(({ name }) => name.includes("kernel-hog"));
  assert.ok(other);
  const { stackFrames } = await client.request<{ stackFrames: { id: number }[] }>("stackTrace", { threadId: other.id });
  const { result } = await client.request<{ result: string }>("evaluate", {
    expression: "current->comm",
    frameId: stackFrames[0]?.id,
    context: "watch",
  });
  assert.match(result, /kernel-hog/);
});

test("an evaluation of a type's name has its size, and its members' places as children", async () => {
  type Row = { name: string; value: string };
  const { result, variablesReference } = await client.request<{ result: string; variablesReference: number }>(
    "evaluate",
    { expression: "struct list_head", context: "hover" },
  );
  assert.equal(result, "struct of 16 bytes");
  const { variables } = await client.request<{ variables: Row[] }>("variables", { variablesReference });
  assert.deepEqual(
    variables.map(({ name, value }) => [name, value]),
    [
      ["next", "+0x0  struct list_head *next;"],
      ["prev", "+0x8  struct list_head *prev;"],
    ],
  );
});
