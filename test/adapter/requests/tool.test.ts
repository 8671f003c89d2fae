import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Answer } from "../../../src/tools/answer.ts";
import { DapClient, Refused } from "../client.ts";

let client: DapClient;
before(async () => {
  client = await DapClient.launch({ vmcore: "sample/vmcore" });
});
after(() => client.close());

const call = (name: string, input: object): Promise<{ text: string; answer: string }> =>
  client.request("vmcore/tool", { name, input });

test("a tool of language models answers about the open dump", async () => {
  const { text, answer } = await call("tasks", { state: "UN" });
  const { data, says } = JSON.parse(answer) as Answer;
  assert.equal(says, "1 task.");
  assert.equal((data[0] as { comm: string }).comm, "vforker");
  assert.match(text, /^1 task\.\ncommand: ps\n/);
});

test("a check needs the disassembler, and waits until it is loaded", async () => {
  const { text } = await call("check", { called: { callee: "lab_apply", caller: "do_one_initcall" } });
  assert.match(text, /^false: hello_init called lab_apply/);
});

test("an unknown tool and wrong arguments are refused", async () => {
  await assert.rejects(call("nosuch", {}), Refused);
  await assert.rejects(call("tasks", { nam: "x" }), /Unrecognized key: "nam"/);
});
