import assert from "node:assert/strict";
import { test } from "node:test";
import { Fault } from "../../../src/base/fault.ts";
import { flowOf, piecesOf } from "../../../src/crash/language/filter.ts";
import { filters } from "../../../src/crash/language/filters.ts";
import { parseOptions } from "../../../src/crash/language/parse.ts";
import { faultPiece, lineText, type Piece, record, text } from "../../../src/say/piece.ts";

/** What is left of lines, parted by blanks in the literal's place of newlines. */
function filtered(command: string, lines: readonly string[]): string[] {
  return run(command, [text(...lines)]).flatMap((piece) => (piece.kind === "record" ? piece.lines.map(lineText) : []));
}

function run(command: string, pieces: Iterable<Piece>): Piece[] {
  const [name = ""] = command.split(" ");
  const filter = filters.find((one) => one.name === name);
  assert.ok(filter, name);
  return [...piecesOf(filter.start(parseOptions(filter, command.slice(name.length)))(flowOf(pieces)))];
}

const log = ["one", "Two", "three", "two", "four two"];

test("filters process lines like the Unix programs of the same name", () => {
  const cases: readonly (readonly [string, readonly string[], readonly string[]])[] = [
    ["grep two", log, ["two", "four two"]],
    ["grep -i two", log, ["Two", "two", "four two"]],
    ["grep -v o", log, ["three"]],
    ["grep -c two", log, ["2"]],
    ["grep -n two", log, ["4:two", "5:four two"]],
    ["grep -x two", log, ["two"]],
    ["grep -w -i tw", log, []],
    ["grep -o t.", log, ["th", "tw", "tw"]],
    ["grep -E t(w|h)", log, ["three", "two", "four two"]],
    ["grep t\\(w\\|h\\)", log, ["three", "two", "four two"]],
    ["grep a+b", ["a+b", "aab"], ["a+b"]],
    ["grep a\\+b", ["a+b", "aab"], ["aab"]],
    ["grep -F a.b", ["a.b", "axb"], ["a.b"]],
    ["grep [[:digit:]]", ["a1", "b"], ["a1"]],
    ["grep \\<tw", log, ["two", "four two"]],
    ["grep -A1 one", log, ["one", "Two"]],
    ["grep -n -C 1 three", log, ["2-Two", "3:three", "4-two"]],
    ["grep -B1 -n o$", ["o", "x", "y", "z", "o"], ["1:o", "--", "4-z", "5:o"]],
    ["grep -m 1 two", log, ["two"]],
    ["grep -m 0 two", log, []],
    ["grep -c -m 1 two", log, ["1"]],
    ["grep -o -n t.", log, ["3:th", "4:tw", "5:tw"]],
    ["grep -o -m 1 t.", log, ["th"]],
    ["grep [[:print:]]", ["x", "\t"], ["x"]],
    ["grep [[:cntrl:]]", ["x", "\t"], ["\t"]],
    ["grep [^[:graph:]]", ["x", "a b"], ["a b"]],
    ["grep -e one -e three", log, ["one", "three"]],
    ["head -2", log, ["one", "Two"]],
    ["head -n 1", log, ["one"]],
    ["head -n -4", log, ["one"]],
    ["head -n 0", log, []],
    ["tail -1", log, ["four two"]],
    ["tail -n 2", log, ["two", "four two"]],
    ["tail -n +4", log, ["two", "four two"]],
    ["tail -n 0", log, []],
    ["wc -l", log, ["5"]],
    ["wc", ["a b", "c"], ["      2       3       6"]],
    ["wc -c", ["ä"], ["3"]],
    ["sort", ["b", "a", "C"], ["C", "a", "b"]],
    ["sort -f", ["b", "a", "C"], ["a", "b", "C"]],
    ["sort -n", ["10 x", "9 y", "z"], ["z", "9 y", "10 x"]],
    ["sort -nr", ["10 x", "9 y"], ["10 x", "9 y"]],
    ["sort -x", ["ffff", "10", "0xa"], ["0xa", "10", "ffff"]],
    ["sort -k 2", ["1 b", "2 a"], ["2 a", "1 b"]],
    ["sort -k2,2n", ["x 10", "y 9"], ["y 9", "x 10"]],
    ["sort -t : -k 2", ["a:2", "b:1"], ["b:1", "a:2"]],
    ["sort -t= -k 2", ["a=2", "b=1"], ["b=1", "a=2"]],
    ["sort -u", ["b", "a", "b"], ["a", "b"]],
    ["uniq", ["a", "a", "b", "a"], ["a", "b", "a"]],
    ["uniq -c", ["a", "a", "b"], ["      2 a", "      1 b"]],
    ["uniq -d", ["a", "a", "b"], ["a"]],
    ["uniq -u", ["a", "a", "b"], ["b"]],
    ["cut -d , -f 1,3-", ["a,b,c,d", "x"], ["a,c,d", "x"]],
    ["cut -d , -s -f 2", ["a,b", "x"], ["b"]],
    ["cut -d= -f 2", ["a=b", "c=d"], ["b", "d"]],
    ["cut -c 2-3", ["abcd"], ["bc"]],
  ];
  for (const [command, lines, expected] of cases) assert.deepEqual(filtered(command, lines), expected, command);
});

test("no filter swallows a fault", () => {
  const fault = Fault.at("excluded", 0x1000n, "page excluded from dump");
  for (const command of ["grep nothing", "head -3", "tail -1", "wc -l", "sort", "uniq", "cut -c 1"]) {
    const kinds = run(command, [record(1, "x"), faultPiece(fault)]).map(({ kind }) => kind);
    assert.ok(kinds.includes("fault"), command);
  }
});

test("head stops the command after enough lines", () => {
  let asked = 0;
  let closed = false;
  function* endless() {
    try {
      for (;;) yield record(null, `line ${++asked}`);
    } finally {
      closed = true;
    }
  }
  assert.equal(run("head -2", endless()).length, 2);
  assert.equal(asked, 2);
  assert.ok(closed);
});

test("a line has its links after a filter, and its text is the data", () => {
  const address = { as: "address", text: "ffff", address: 0xffffn } as const;
  assert.deepEqual(run("grep f", [record({ any: 1 }, ["at ", address])]), [record("at ffff", ["at ", address])]);
});

test("filters report invalid arguments", () => {
  const wrong = [
    "grep",
    "grep -E (",
    "grep [[:letter:]]",
    "cut -d ,",
    'cut -d "" -f 1',
    "cut -f x",
    "cut -f 0",
    "cut -c 3-2",
  ];
  for (const command of [...wrong, "sort -k x", "sort -k 0", "sort -k 1.3", "head -n x", "tail -z"]) {
    assert.throws(() => filtered(command, log), { name: /UsageError|WrongUse/ }, command);
  }
});

test("a filter that outputs nothing yet pauses, so that it can be cancelled", () => {
  const lines = Array.from({ length: 1000 }, (_, i) => `line ${i}`);
  for (const command of ["wc -l", "sort", "tail -1", "grep nothing", "uniq -d"]) {
    const pauses = run(command, [text(...lines)]).filter(({ kind }) => kind === "progress");
    assert.ok(pauses.length >= 10, command);
  }
});
