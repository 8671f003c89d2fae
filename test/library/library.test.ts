import assert from "node:assert/strict";
import { after, test } from "node:test";
import { Cancelled, Fault, openDump, OpenError, UsageError } from "../../src/library/index.ts";

const dump = await openDump("sample/vmcore", { search: false });
after(() => dump.close());

test("a dump says what it is", () => {
  assert.equal(dump.machine, "x86_64");
  assert.match(dump.release ?? "", /^6\.1\./);
  assert.equal(dump.vmlinux, undefined);
});

test("tasks, their members and their stacks are read at once", () => {
  const task = dump.tasks().find(({ comm }) => comm === "insmod");
  assert.ok(task);
  assert.equal(task.pid, 169);
  assert.equal(task.object.at("pid").number(), 169);
  assert.equal(task.object.type, "struct task_struct");
  assert.equal(typeof task.object.at("mm").value(), "bigint");
  const { frames, fault } = dump.stack(task);
  assert.equal(fault, undefined);
  const trapped = frames.find(({ exception }) => exception !== undefined);
  assert.deepEqual(
    [trapped?.function, trapped?.module, trapped?.exception],
    ["lab_apply", "lab_nullderef", "page fault"],
  );
  assert.equal(trapped?.registers.get("rax"), 0n);
});

test("what the dump does not have is thrown as a fault, what is asked wrongly as a usage error", () => {
  assert.throws(() => dump.read(0x10n, 8), Fault);
  assert.throws(() => dump.object("struct list_head", 0x10n).at("next").value(), Fault);
  assert.throws(() => dump.evaluate("1 +"), UsageError);
});

test("symbols and memory are found by name and address", () => {
  const address = dump.symbol("panic");
  assert.ok(address !== undefined);
  assert.deepEqual(dump.symbolAt(address + 4n), { name: "panic", address, offset: 4, module: undefined });
  assert.equal(dump.read(address, 16).length, 16);
  assert.equal(dump.evaluate("init_task.comm").text(), "swapper/0");
});

test("a verdict is a promise that reports progress and can be cancelled", async () => {
  const { title, kind, findings } = await dump.verdict();
  assert.equal(title, "BUG: unable to handle kernel NULL pointer dereference in lab_apply");
  assert.equal(kind, "null-pointer");
  assert.equal(findings.find(({ id }) => id === "where.guilty")?.slots["function"], "lab_apply");
  const abort = new AbortController();
  abort.abort();
  await assert.rejects(dump.verdict({ signal: abort.signal }), Cancelled);
});

test("a command gives its lines and its records, and one that writes is refused", async () => {
  const { text, records } = await dump.run("ps insmod");
  assert.match(text, /insmod/);
  assert.equal((records as { pid: number }[])[0]?.pid, 169);
  await assert.rejects(dump.run("ps | cat"), UsageError);
  await assert.rejects(dump.run("extend x.so"), UsageError);
  await assert.rejects(dump.run("log > /tmp/log"), UsageError);
});

test("a file that is no dump is an error of opening, and a closed dump is not read", async () => {
  await assert.rejects(openDump("package.json", { search: false }), OpenError);
  const other = await openDump(["sample/vmcore"], { search: false });
  other.close();
  other.close();
  assert.throws(() => other.tasks(), /the dump is closed/);
});
