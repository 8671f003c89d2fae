import assert from "node:assert/strict";
import { test } from "node:test";
import type { Option } from "../../../src/crash/language/command.ts";
import { parseOptions, words } from "../../../src/crash/language/parse.ts";
import { WrongUse } from "../../../src/crash/language/wrongUse.ts";

const texts = (line: string): string[] => words(line).map(({ text }) => text);

test("blanks separate words, quotes and parentheses group them", () => {
  const cases: readonly (readonly [string, readonly string[]])[] = [
    ["", []],
    ["  a \t b ", ["a", "b"]],
    ['a "b c" d', ["a", "b c", "d"]],
    ["foreach 'k.* x' bt", ["foreach", "k.* x", "bt"]],
    ["eval (1 << 3) x", ["eval", "(1 << 3)", "x"]],
    ["((struct page *)0x10)->flags 2", ["((struct page *)0x10)->flags", "2"]],
    ['search -c"a b"', ["search", "-ca b"]],
    ['"never closed', ["never closed"]],
    ["(never closed x", ["(never closed x"]],
    ["a) b", ["a)", "b"]],
  ];
  for (const [line, expected] of cases) assert.deepEqual(texts(line), expected, line);
});

test("a word has its quotes and its position", () => {
  assert.deepEqual(words(" 'x' y"), [
    { text: "x", quote: "'", start: 1 },
    { text: "y", quote: undefined, start: 5 },
  ]);
});

const options: readonly Option[] = [
  { flag: "-r", help: "" },
  { flag: "-l", help: "" },
  { flag: "-F", help: "" },
  { flag: "-64", help: "" },
  { flag: "-n", argument: "count", help: "" },
  { flag: "-i", argument: "what", optional: true, help: "" },
];

/** Options as `-flag` or `-flag=value` in the order of the table, then the rest. */
function parse(line: string, takesExpression = false): string {
  const parsed = parseOptions({ options, takesExpression }, line);
  const given = options.flatMap(({ flag }) =>
    parsed.values(flag).map((value) => (value === "" ? flag : `${flag}=${value}`)),
  );
  return [...given, ...parsed.rest.map((word) => `[${word}]`)].join(" ");
}

test("options are parsed like getopt's, with the extensions of crash", () => {
  const cases: readonly (readonly [string, string])[] = [
    ["-r -l x", "-r -l [x]"],
    ["-rl x", "-r -l [x]"],
    ["x -r", "-r [x]"],
    ["-FF", "-F -F"],
    ["-n 5 x", "-n=5 [x]"],
    ["-n5", "-n=5"],
    ["-n=5", "-n=5"],
    ["-rn5", "-r -n=5"],
    ["-rn 5", "-r -n=5"],
    ["-64 -r", "-r -64"],
    ["-i x", "-i [x]"],
    ["-i=shared", "-i=shared"],
    ["-ir", "-r -i"],
    ["-- -r", "[-r]"],
    ["addr -5", "[addr] [-5]"],
    ["- x", "[-] [x]"],
    ['"-r"', "[-r]"],
  ];
  for (const [line, expected] of cases) assert.equal(parse(line), expected, line);
});

test("options of an expression end where it starts, and it stays as typed", () => {
  assert.equal(parse("-r  a - r  -l", true), "-r [a - r  -l]");
  assert.equal(parse("-5 + 3", true), "[-5 + 3]");
  assert.equal(parse("", true), "");
});

test("an unknown option and an option without its argument are wrong usage", () => {
  assert.throws(() => parse("-z"), new WrongUse("unknown option -z"));
  assert.throws(() => parse("-rz"), new WrongUse("unknown option -z"));
  assert.throws(() => parse("-n"), new WrongUse("option -n needs an argument"));
});

test("of repeated values the last one is used, and all are available", () => {
  const parsed = parseOptions({ options }, "-n 1 -n 2");
  assert.equal(parsed.value("-n"), "2");
  assert.deepEqual(parsed.values("-n"), ["1", "2"]);
  assert.ok(parsed.has("-n") && !parsed.has("-r"));
});
