import assert from "node:assert/strict";
import { test } from "node:test";
import { commandOf, evidenceText, type Evidence } from "../../src/insight/evidence.ts";
import { commands } from "../../src/crash/commands.ts";

const all: readonly Evidence[] = [
  { kind: "frame", task: 0xffff888000001000n, pc: 1n, text: "f" },
  { kind: "register", task: 0xffff888000001000n, pc: 1n, name: "rax", value: 0n },
  { kind: "field", type: "struct file", address: 0xffff888000002000n, path: "f_path.mnt", value: "0x0" },
  { kind: "memory", address: 0xffff888000002000n, value: 0n },
  { kind: "instruction", address: 0xffffffff81000000n, text: "mov" },
  { kind: "log", line: 3, text: 'BUG: unable to handle "that" | rm -rf, address: 0000' },
  { kind: "object", cache: "filp", address: 0xffff888000002000n, state: "free" },
  { kind: "module", name: "ext4" },
  { kind: "cpu", cpu: 1, text: "swapper" },
  { kind: "task", address: 0xffff888000001000n, text: "sh [7]" },
  { kind: "sysctl", name: "panic_on_oops", value: "1" },
  { kind: "symbol", name: "f", address: 0xffffffff81000000n },
  { kind: "cache", name: "filp", address: 1n, text: "1 byte" },
];

test("each piece of evidence has an existing command that prints it", () => {
  const names = new Set(commands().map(({ name }) => name));
  for (const one of all) {
    const [name = ""] = commandOf(one).split(" ");
    assert.ok(names.has(name) || /^struct$/.test(name), commandOf(one));
    assert.notEqual(evidenceText(one), "");
  }
});

test("only plain characters of a log line get into a filter", () => {
  const line = commandOf(all.find(({ kind }) => kind === "log")!);
  assert.match(line, /^log \| grep -e "[\w ,:/=-]+"$/);
});

test("for a nested member the command has the whole path", () => {
  assert.equal(commandOf(all[2]!), "struct file.f_path.mnt 0xffff888000002000");
});
