import assert from "node:assert/strict";
import { test } from "node:test";
import { commands } from "../../../src/crash/commands.ts";
import { run } from "../../../src/crash/language/language.ts";
import { withChanges } from "../../../src/crash/language/context.ts";
import { pieceText } from "../../../src/render/text.ts";
import type { Piece } from "../../../src/say/piece.ts";
import { toyKernel } from "../../builders/kernel.ts";
import { data, pieces, toyContext, transcript } from "../../builders/transcript.ts";

const types = "struct point { int x; int y; }; typedef unsigned int pid_t; struct point origin; int answer;";
const toy = () =>
  toyKernel({
    types,
    symbols: { origin: 0xffff800000001ff8n, answer: 0xffff800000004000n },
    memory: [
      ["origin", { x: 3, y: 4 }],
      ["answer", 42],
    ],
  });
const context = () => toyContext(toy());

test("a command runs, and its output goes through filters", () => {
  assert.equal(transcript(context(), "struct point.y,x origin"), "  y = 4\n  x = 3,");
  assert.equal(transcript(context(), "struct point origin | grep y | wc -l"), "1");
});

test("an empty line and a comment print nothing", () => {
  assert.deepEqual(pieces(context(), "  "), []);
  assert.deepEqual(pieces(context(), "# p answer"), []);
});

test("a word that is not a command is tried as a variable and as a type, as in crash", () => {
  assert.equal(transcript(context(), "answer"), "answer = $1 = 42");
  assert.equal(transcript(context(), "point.x origin"), "  x = 3,");
  assert.equal(transcript(context(), "pid_t"), "typedef unsigned int pid_t;\nSIZE: 4");
  assert.equal(transcript(context(), "*point.x origin"), "  x = 3,");
  assert.match(
    transcript(context(), "nonsense"),
    /^vmcore-debug: command not found: nonsense; "help" lists the commands$/,
  );
});

test("wrong usage prints the usage of the command; other errors only their reason", () => {
  assert.equal(
    transcript(context(), "btop -z"),
    'btop: unknown option -z\nUsage:\n  btop address ...\nEnter "help btop" for details.',
  );
  assert.equal(
    transcript(context(), "struct nosuch"),
    "struct: invalid data structure reference: nosuch; no struct or union has this name",
  );
});

test("an unknown symbol is reported with the names that contain it", () => {
  assert.equal(
    transcript(context(), "rd origi"),
    "symbol not found: origi\npossible alternatives:\n  ffff800000001ff8 (D) origin",
  );
  assert.equal(transcript(context(), "rd xyzzy"), "symbol not found: xyzzy");
});

test("a fault is the last piece, and the pieces before it remain", () => {
  const said = pieces(context(), "rd -32 origin 4");
  assert.deepEqual(
    said.map(({ kind }) => kind),
    ["record", "fault"],
  );
});

test("a filter that does not exist is the user's mistake", () => {
  assert.match(transcript(context(), "p answer | awk x"), /no such filter: awk x; there are cut, grep, head, sort/);
  assert.match(transcript(context(), "p answer | grep -z x"), /grep: unknown option -z; usage: grep /);
});

test("a bug of ours is not mistaken for the user's or the dump's", () => {
  const broken = context();
  Object.defineProperty(broken.kernel, "symbols", { get: () => assert.fail("a bug") });
  assert.throws(() => [...run(broken, "sym x")], /a bug/);
});

test("aliases are replaced, the user's before the built-in ones, and recursion ends", () => {
  const mine = context();
  assert.equal(transcript(mine, "px answer"), "answer = $1 = 0x2a");
  for (const line of ["alias px p -d", "alias a b", "alias b a", "alias two 'p answer | wc -l'"])
    transcript(mine, line);
  assert.equal(transcript(mine, "px answer"), "answer = $2 = 42");
  assert.match(transcript(mine, "a"), /command not found: a/);
  assert.equal(transcript(mine, "two"), "1");
});

test("a command that needs types reports on one line what is missing", () => {
  const bare = toyContext(
    toyKernel({ symbols: { answer: 0xffff800000004000n }, parts: { types: { ...toy().types, sources: [] } } }),
    undefined,
    {
      limitations: ["no types: give a vmlinux"],
    },
  );
  assert.equal(transcript(bare, "p answer"), "p: no types: give a vmlinux");
});

test("command < file runs once for each line that is neither empty nor a comment", () => {
  const lines = [
    ...run(context(), { command: "eval", filters: ["grep octal"], output: undefined, input: "f", shell: undefined }, [
      "1",
      "# a remark",
      "2",
      "",
    ]),
  ];
  assert.equal(lines.length, 2);
});

test("a line of a file of arguments sees the changes of the lines before it, and all changes are returned", () => {
  const mine = context();
  const job = run(mine, { command: "p -d", filters: [], output: undefined, input: "f", shell: undefined }, ["2", "$1 + 3"]); // prettier-ignore
  const said = [job.next(), job.next()].map(({ value }) => pieceText(value as Piece));
  assert.deepEqual(said, ["$1 = 2\n", "$2 = 5\n"]);
  const end = job.next();
  assert.equal(end.done && withChanges(mine, end.value).values.length, 2);
});

test("a change reaches the next line although a filter ends the command early", () => {
  const mine = context();
  transcript(mine, "set radix 16 print_max 10 | head -1");
  assert.equal(transcript(mine, "set radix"), "output radix: 16 (hex)");
});

test("each command is declared once, in order, with a manual, and its examples can be parsed", () => {
  const all = commands();
  const names = all.map(({ name }) => name);
  assert.deepEqual(names, [...new Set(names)].sort());
  for (const { name, summary, description, options } of all) {
    assert.match(summary, /^.{3,70}[^.]$/, `${name}: a summary is a phrase`);
    assert.ok(description.length > 20, name);
    const flags = options.map(({ flag }) => flag);
    assert.deepEqual(flags, [...new Set(flags)], name);
  }
});

test("help lists every command, and each page has the command's options", () => {
  const listed = transcript(context(), "help");
  for (const { name, options } of commands()) {
    assert.ok(listed.includes(name), name);
    const page = transcript(context(), `help ${name}`);
    assert.ok(page.includes("SYNOPSIS"), name);
    for (const { help } of options) assert.ok(page.replace(/\s+/g, " ").includes(help), `${name}: ${help}`);
    assert.deepEqual(
      page.split("\n").filter((line) => line.length > 100),
      [],
      `${name}: a line of its page is too long`,
    );
  }
  assert.match(transcript(context(), "help nosuch"), /no command "nosuch"/);
  assert.equal((data(context(), "help all") as unknown[]).length, commands().length);
});
