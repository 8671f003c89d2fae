import assert from "node:assert/strict";
import { test } from "node:test";
import { UsageError } from "../../src/base/usageError.ts";
import { parseLine } from "../../src/crash/line.ts";

/** The parts of a line in one string: `command | filter > file`, `!shell`, `command < file`. */
function parts(line: string): string {
  const { command, filters, output, input, shell } = parseLine(line);
  if (shell !== undefined) return `!${shell}`;
  const written = output ? ` ${output.append ? ">>" : ">"}{${output.path}}` : "";
  return `{${command}}${filters.map((filter) => ` |{${filter}}`).join("")}${input === undefined ? "" : ` <{${input}}`}${written}`;
}

test("a line is taken apart at pipes and redirections outside of quotes and brackets", () => {
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

test("an operator with nothing after it is a mistake", () => {
  for (const line of ["log |", "log >", "log >>", "log <", "log | | wc"]) {
    assert.throws(() => parseLine(line), UsageError, line);
  }
});
