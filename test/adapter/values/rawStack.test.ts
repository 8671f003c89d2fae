import assert from "node:assert/strict";
import { resolve } from "node:path";
import { after, before, test } from "node:test";
import { DapClient } from "../client.ts";

let client: DapClient;
before(async () => {
  client = await DapClient.launch({ vmcore: "sample/vmcore", modules: resolve("sample") });
});
after(() => client.close());

interface Document {
  readonly source: { readonly name: string; readonly sourceReference: number };
}

async function rawStack(threadId: number): Promise<string> {
  const { source } = await client.request<Document>("vmcore/rawStack", { threadId });
  const { content } = await client.request<{ content: string }>("source", {
    source,
    sourceReference: source.sourceReference,
  });
  return content;
}

test("the panic task's stack is shown word by word, frame by frame", async () => {
  const { threadId } = await client.request<{ threadId: number }>("vmcore/about", {});
  const text = await rawStack(threadId);
  const lines = text.split("\n");
  assert.equal(lines[0], "insmod [169] cpu 0 >  stack ffffd11f40520000-ffffd11f40524000");
  // The frames of `bt`, and what `bt -FF` says of their words.
  assert.match(text, /^#1 {2}panic\+0x2e9$/m);
  assert.match(text, /^ {2}ffffd11f40523b58 {2}ffffffff9b9c7c6f {2}return to oops_end\.cold\+0x18$/m);
  assert.match(text, /^ {2}ffffd11f40523b30 {2}ffffd11f40523c28 {2}this stack, in frame #5$/m);
  assert.match(text, /^ {2}ffffd11f40523c50 {2}ffff8ef6849a9800 {2}pt_regs\.bx {2}kmalloc-64 object$/m);
  assert.match(
    text,
    /^ {2}ffffd11f40523ca8 {2}ffffffffc024b02f {2}pt_regs\.ip {2}lab_apply\+0x2f {2}\S*lab_nullderef\.c:27 < \S*lab_nullderef\.c:\d+$/m,
  );
  assert.match(text, /--- page fault ---\n\n#6 {2}lab_apply\+0x2f \[lab_nullderef\]/);
  // Word after word from the innermost frame to the stack's end.
  const places = lines.flatMap((line) => /^ {2}([0-9a-f]{16}) {2}[0-9a-f]{16}/.exec(line)?.[1] ?? []);
  assert.equal(places.at(-1), "ffffd11f40523ff8");
  for (const [i, place] of places.entries()) assert.equal(BigInt(`0x${place}`), 0xffffd11f40523ad8n + BigInt(8 * i));
});

test("a sleeping task's stack begins where it left its CPU", async () => {
  const { threads } = await client.request<{ threads: { id: number; name: string }[] }>("threads");
  const thread = threads.find(({ name }) => name.startsWith("kthreadd "));
  assert.ok(thread);
  const text = await rawStack(thread.id);
  assert.match(text, /^#0 {2}__schedule\+0x/m);
  assert.match(text, /return to kthreadd\+0x/);
});
