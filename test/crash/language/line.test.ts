import assert from "node:assert/strict";
import { test } from "node:test";
import { UsageError } from "../../../src/base/usageError.ts";
import { parseLine } from "../../../src/crash/language/line.ts";

/** The parts of a line in one string: `command | filter > file`, `!shell`, `command < file`. */
function parts(line: string): string {
  const { command, filters, output, input, shell } = parseLine(line, {
    isExpression: (before) => before.startsWith("p "),
    isValue: (name) => name === "limit",
  });
  if (shell !== undefined) return `!${shell}`;
  const written = output ? ` ${output.append ? ">>" : ">"}{${output.path}}` : "";
  return `{${command}}${filters.map((filter) => ` |{${filter}}`).join("")}${input === undefined ? "" : ` <{${input}}`}${written}`;
}

test("a line is split at pipes and redirections outside of quotes and brackets", () => {
  const cases: readonly (readonly [string, string])[] = [
    ["log", "{log}"],
    ["  log | grep -i oops | tail -3 > out.txt", "{log} |{grep -i oops} |{tail -3} >{out.txt}"],
    ["ps >> all", "{ps} >>{all}"],
    ['ps > "my file"', "{ps} >{my file}"],
    ["< commands", "{} <{commands}"],
    ["rd < addresses", "{rd} <{addresses}"],
    ["p init_task.mm->pgd", "{p init_task.mm->pgd}"],
    ["eval (1 | 2)", "{eval (1 | 2)}"],
    ["p a[b > c]", "{p a[b > c]}"],
    ['log | grep "a|b" | wc', '{log} |{grep "a|b"} |{wc}'],
    ["foreach 'a|b' bt", "{foreach 'a|b' bt}"],
    ["log | grep a\\|b", "{log} |{grep a\\|b}"],
    ["! ls -l", "!ls -l"],
    ["# a comment > x", "{}"],
    ["", "{}"],
  ];
  for (const [line, expected] of cases) assert.equal(parts(line), expected, line);
});

test("an operator without an operand is an error", () => {
  for (const line of ["log |", "log >", "log >>", "log <", "log | | wc"]) {
    assert.throws(() => parseLine(line), UsageError, line);
  }
});

test("in a command that takes an expression, an operator before an operand is not a pipe or redirection", () => {
  const cases: readonly (readonly [string, string])[] = [
    ["p 1 << 40", "{p 1 << 40}"],
    ["eval 1 << 4", "{eval 1 << 4}"],
    ["p 7 == 7 && 0 || 1 ? 3 : 4", "{p 7 == 7 && 0 || 1 ? 3 : 4}"],
    ["p 1 | 2", "{p 1 | 2}"],
    ["p 1 | 2 | grep 3", "{p 1 | 2} |{grep 3}"],
    ["p 5 > 3", "{p 5 > 3}"],
    ["p 5 > 0x3 > file", "{p 5 > 0x3} >{file}"],
    ["p 5 < 3", "{p 5 < 3}"],
    ["p 5 >> 1", "{p 5 >> 1}"],
    ["p jiffies >= limit", "{p jiffies >= limit}"],
    ["p jiffies <= limit", "{p jiffies <= limit}"],
    ["p jiffies < limit", "{p jiffies < limit}"],
    ["p jiffies < limit.max | wc", "{p jiffies < limit.max} |{wc}"],
    ["p jiffies < limits", "{p jiffies} <{limits}"],
    ["p jiffies < limit/file", "{p jiffies} <{limit/file}"],
    ["p jiffies > limit", "{p jiffies} >{limit}"],
    ["rd < limit", "{rd} <{limit}"],
    ["p a > (b)", "{p a > (b)}"],
    ["p a > -1", "{p a > -1}"],
    ["p a > 3.txt", "{p a} >{3.txt}"],
    ['p a > "3"', "{p a} >{3}"],
    ["p a | grep b > 3d", "{p a} |{grep b} >{3d}"],
  ];
  for (const [line, expected] of cases) assert.equal(parts(line), expected, line);
});

test("no file with a number as its name is written, unless it is quoted", () => {
  for (const line of ["struct page.flags > 3", "ps >> 0x10", "p a | grep b > 3"])
    assert.throws(() => parseLine(line), /put the expression in parentheses, or quote the file's name/, line);
  assert.equal(parts('ps > "3"'), "{ps} >{3}");
});
