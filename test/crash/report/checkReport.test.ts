import assert from "node:assert/strict";
import { test } from "node:test";
import { toEnd } from "../../../src/base/job.ts";
import type { Block } from "../../../src/document/block.ts";
import { type CheckedReport, checkReport, numbersIn } from "../../../src/crash/report/checkReport.ts";
import { toyKernel } from "../../builders/kernel.ts";
import { toyContext } from "../../builders/transcript.ts";

const context = toyContext(toyKernel({ types: "int unused;" }));

const checked = (...blocks: readonly Block[]): CheckedReport => toEnd(checkReport(context, blocks));
const text = (words: string): Block => ({ kind: "text", text: words });
const asked = (lines: string, output: string): Block => ({ kind: "command", lines, output });
const section: Block = { kind: "heading", level: 2, text: "Section" };

test("a report whose answers are those of the dump has no differences", () => {
  const { commands, numbers, differences } = checked(
    section,
    text("It is 42."),
    asked(
      "eval 0x2a",
      `hexadecimal: 2a  \n    decimal: 42  \n      octal: 52\n     binary: ${"101010".padStart(64, "0")}`,
    ),
  );
  assert.deepEqual({ commands, numbers, differences }, { commands: 1, numbers: 1, differences: [] });
});

test("a changed line is named with its command, its line and both answers", () => {
  const { differences } = checked(asked("echo a b", "a c"));
  assert.deepEqual(differences, [{ command: "echo a b", line: 1, reported: "a c", actual: "a b" }]);
});

test("a line that was added or removed is a difference", () => {
  assert.deepEqual(
    checked(asked("echo a", "a\nb"), asked("echo a", "")).differences.map(({ line, reported, actual }) => [
      line,
      reported,
      actual,
    ]),
    [
      [2, "b", undefined],
      [1, undefined, "a"],
    ],
  );
});

test("a number in the text that no output of its section has is a difference", () => {
  const wrong = checked(section, text("It is 43."), asked("echo 42", "42")).differences;
  assert.deepEqual(wrong, [{ command: undefined, line: 0, reported: "43", actual: undefined }]);
  const other = checked(section, text("It is 42."), section, asked("echo 42", "42")).differences;
  assert.equal(other.length, 0, "a number of a command is known everywhere");
  const elsewhere = checked(section, text("It is 52."), section, asked("eval 0x2a", "")).differences;
  assert.ok(elsewhere.some(({ reported, command }) => reported === "52" && command === undefined));
});

test("an answer with a check that its time limit stopped is not compared, and its section's numbers neither", () => {
  const stopped = "waits: it was stopped after 2 s";
  const { differences, incomplete } = checked(
    section,
    text("It is 43."),
    asked(`echo "${stopped}"`, "waits: 43 tasks"),
  );
  assert.deepEqual({ differences, incomplete }, { differences: [], incomplete: [`echo "${stopped}"`] });
  const same = checked(section, text("It is 2."), asked(`echo "${stopped}"`, stopped));
  assert.deepEqual([same.differences, same.incomplete], [[], []]);
});

test("addresses are compared without prefix and leading zeros", () => {
  assert.deepEqual(numbersIn("at 0x00ff, ffff8b56 and 12.053 s, page 7 of lock_a1 v6.1"), [
    "ff",
    "ffff8b56",
    "12.053",
    "7",
  ]);
});

test("a shortened output is checked line by line, and the number of its missing lines too", () => {
  const help = "help -m";
  const whole = checked(asked(help, "")).differences;
  assert.ok(whole.length > 0);
  const lines = ["a", "b", "c", "d"].map((word) => `echo ${word}`).join("\n");
  assert.deepEqual(checked(asked(lines, "a\n[... 2 of 4 lines are left out here]\nd")).differences, []);
  assert.equal(checked(asked(lines, "a\n[... 3 of 5 lines are left out here]\nd")).differences.length, 1);
});

test("a report cannot run shell commands, or read or write files", () => {
  for (const line of ["!id", "sys > /tmp/out", "< /tmp/in", "ps | sh", "extend /tmp/x.js"]) {
    const { differences } = checked(asked(line, ""));
    assert.match(differences[0]?.actual ?? "", /not run|not read or written|no such filter|only reads/, line);
  }
});
