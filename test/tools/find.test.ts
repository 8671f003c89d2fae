import assert from "node:assert/strict";
import { after, test } from "node:test";
import { drive } from "../../src/base/job.ts";
import { openSession } from "../../src/session/open/open.ts";
import { answerOf, type Answer } from "../../src/tools/answer.ts";
import { find } from "../../src/tools/find.ts";
import type { Tool } from "../../src/tools/tool.ts";

const session = openSession({ vmcore: ["sample/vmcore"] });
after(() => session.close());

const found = async (wanted: object): Promise<Answer> =>
  (await drive(answerOf(session.context, find as Tool, wanted), new AbortController().signal)).answer;

test("find counts open files, not the task that has them", async () => {
  const { data, says } = await found({ files_of: "1" });
  const files = data.flatMap((row) => (row as { files: object[] }).files);
  assert.ok(files.length > data.length);
  assert.equal(says, `${files.length} open files found.`);
});

test("find counts the members of a type, not the type", async () => {
  const { says } = await found({ type: "struct list_head" });
  assert.equal(says, "2 members found.");
  assert.equal((await found({ type: "atomic_t" })).says, "1 member found.");
});

test("find counts the allocated objects of a slab cache, not its slabs", async () => {
  const { data, says } = await found({ object: "task_group" });
  const objects = data.flatMap((row) => (row as { objects?: { free: boolean }[] }).objects ?? []);
  const allocated = objects.filter(({ free }) => !free).length;
  assert.ok(objects.length > allocated);
  assert.equal(says, `${allocated} allocated object${allocated === 1 ? "" : "s"} found.`);
});

test("find counts symbols and places", async () => {
  const { data, says } = await found({ symbol: "init_task" });
  assert.equal(says, `${data.length} symbol${data.length === 1 ? "" : "s"} found.`);
});
