import assert from "node:assert/strict";
import { after, test } from "node:test";
import { drive } from "../../../src/base/job.ts";
import { openSession } from "../../../src/session/open/open.ts";
import { answerOf } from "../../../src/tools/answer.ts";
import { check } from "../../../src/tools/check/check.ts";
import type { Tool } from "../../../src/tools/tool.ts";

const session = openSession({ vmcore: ["sample/vmcore"] });
after(() => session.close());

/** The judgement of a claim: "true", "false" or "unknown", and the reason. */
const judge = async (claim: object): Promise<string> =>
  (await drive(answerOf(session.context, check as Tool, claim), new AbortController().signal)).answer.says;

test("a value is compared as C compares it, text as text", async () => {
  assert.match(await judge({ value: { expression: "init_task.pid", equals: "0" } }), /^true: init_task.pid is 0x0\.$/);
  assert.match(await judge({ value: { expression: "init_task.pid", equals: "1" } }), /^false: .*not 0x1\.$/);
  assert.match(await judge({ value: { expression: "(int)-1", equals: "-1" } }), /^true/);
  assert.match(await judge({ value: { expression: "init_task.comm", equals: "swapper/0" } }), /^true/);
  assert.match(await judge({ value: { expression: "init_task.comm", equals: '"swapper"' } }), /^false/);
  assert.match(await judge({ value: { expression: "10", equals: "10" } }), /^true/);
  assert.match(await judge({ value: { expression: "jiffies", equals: "jiffies" } }), /^true/);
  assert.match(await judge({ value: { expression: "&init_task", equals: "init_task" } }), /^true/);
});

test("a value whose page is not in the dump is unknown, not false", async () => {
  assert.match(
    await judge({ value: { expression: "*(long *)0x10", equals: "0" } }),
    /^unknown: It could not be read: /,
  );
});

test("a register is unknown where no function saved it", async () => {
  const claim = (name: string, equals: string) => ({ register: { frame: "lab_apply", name, equals } });
  assert.match(await judge(claim("rbx", "0xffff8ef6849a9800")), /^true/);
  assert.match(await judge(claim("RAX", "0")), /^true/);
  assert.match(await judge(claim("rax", "1")), /^false: rax is 0x0 in lab_apply, not 0x1\.$/);
  assert.match(
    await judge({ register: { frame: "do_init_module", name: "rax", equals: "0" } }),
    /^unknown: .* was not saved/,
  );
  await assert.rejects(judge(claim("r99", "0")), /r99: no such register/);
});

test("an object is judged by its cache and its state", async () => {
  const claim = (more: object) => ({ object: { address: "0xffff8ef68526c180", ...more } });
  assert.match(await judge(claim({ cache: "task_struct", state: "allocated" })), /^true/);
  assert.match(await judge(claim({ cache: "dentry" })), /^false: .* of task_struct, not of dentry\.$/);
  assert.match(await judge(claim({ state: "free" })), /^false/);
  assert.match(await judge({ object: { address: "panic", cache: "dentry" } }), /^false: .* is not in an object/);
});

test("a call is true where the frames are next to each other, and false where the code names another function", async () => {
  assert.match(await judge({ called: { callee: "hello_init", caller: "do_one_initcall" } }), /^true/);
  assert.match(
    await judge({ called: { callee: "lab_apply", caller: "do_one_initcall" } }),
    /^false: hello_init called/,
  );
});

test("a call is unknown where a function between the frames may have ended with a jump", async () => {
  assert.match(
    await judge({ called: { callee: "do_init_module", caller: "load_module" } }),
    /^unknown: The frame below do_init_module is that of __do_sys_finit_module, whose call does not name do_init_module/,
  );
});

test("a function that a trap interrupted did not call the handler, and was itself called", async () => {
  assert.match(
    await judge({ called: { callee: "asm_exc_page_fault", caller: "lab_apply" } }),
    /^false: lab_apply did not call asm_exc_page_fault: a trap \(page fault\) interrupted it/,
  );
  assert.match(await judge({ called: { callee: "lab_apply", caller: "hello_init" } }), /^true/);
});

test("a function that is not on a stack without debuginfo may be inlined", async () => {
  assert.match(
    await judge({ called: { callee: "schedule", caller: "panic" } }),
    /^unknown: schedule is not on the stack/,
  );
});

test("a task that waits is judged by what it waits for and who holds it", async () => {
  assert.match(await judge({ waits: { task: "145" } }), /^true: vforker \[145\] waits for its vfork child/);
  assert.match(await judge({ waits: { task: "145", owner: "150" } }), /^true/);
  assert.match(await judge({ waits: { task: "145", owner: "1" } }), /^false: .* not by init \[1\]\.$/);
  assert.match(await judge({ waits: { task: "145", lock: "init_task" } }), /^false: .* not for init_task\.$/);
  assert.match(await judge({ waits: { task: "169" } }), /^false: insmod \[169\] does not wait: it is running/);
});

test("exactly one claim is judged", async () => {
  await assert.rejects(judge({}), /give one claim: waits, register, object, called, value/);
  await assert.rejects(judge({ value: { expression: "1", equals: "1" }, object: { address: "0" } }), /give one claim/);
});
