/** No line of a hostile log makes any pattern that reads logs slow. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { createContext, runInContext } from "node:vm";
import ts from "typescript";
import { lineOf, MAX_LINE } from "../../src/log/lines.ts";
import { stopwatch } from "../builders/stopwatch.ts";

/** Milliseconds for one pattern and one line; most take microseconds, one that is quadratic some hundred. */
const BOUND = 40;
/** A pattern that takes longer is stopped. */
const STOP = 2000;
/** What collects garbage or compiles a pattern meanwhile is not counted. */
const TIMES = 3;

/** Every expression that stands in the files of a folder. */
function* patternsIn(folder: string): Generator<{ readonly file: string; readonly pattern: RegExp }> {
  for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    if (!name.endsWith(".ts")) continue;
    const file = join(folder, name);
    const source = ts.createSourceFile(file, readFileSync(file, "utf8"), ts.ScriptTarget.Latest);
    const found: RegExp[] = [];
    const look = (node: ts.Node): void => {
      if (ts.isRegularExpressionLiteral(node)) {
        const [, text = "", flags = ""] = /^\/(.*)\/([a-z]*)$/s.exec(node.text) ?? [];
        found.push(new RegExp(text, flags.replace("g", "")));
      }
      ts.forEachChild(node, look);
    };
    look(source);
    for (const pattern of found) yield { file, pattern };
  }
}

const filled = (start: string, unit: string, end = ""): string =>
  start + unit.repeat(Math.floor((MAX_LINE - start.length - end.length) / unit.length)) + end;

const LINES = [
  ...[" ", "a", "0", "A", "(", "[", "<", "a ", "a.", "a/", "0 ", "a(", ": ", "-", "=", "_", "\t", "a_", "0x"].map(
    (unit) => filled("", unit, "!"),
  ),
  filled("Comm: a Tainted: ", " ", "x"),
  filled("Comm: a Tainted: ", "G ", "x"),
  filled("Comm: a Tainted: G", " ", "x"),
  filled("", "Tainted: G "),
  filled("", "a->"),
  filled("", "../"),
  filled("", "(P"),
  filled("f+0x1/0x2 ", "(P"),
  filled("", "Comm: "),
  filled("", "PID: 1 "),
  filled("", "task a:1 "),
  filled("Modules linked in: ", "a(O) ", "!"),
  filled(" ", "a(O) ", "!"),
  filled("", "a+0x1/0x2 "),
  filled("", "a/b.c:1 "),
  filled("", "[<ffffffff81000000>] "),
  filled("Code: ", "00 ", "<"),
  filled("", "BUG: "),
  filled("INFO: task ", "a "),
  filled("", "a invoked "),
  filled("", "RIP: 0010:"),
  filled("", "2024-01-01T00:00:00Z "),
  filled("", "a kernel: "),
];

const context = createContext({});

/** Milliseconds of the shortest run. */
function cost(pattern: RegExp, line: string): number {
  let least = Infinity;
  for (let i = 0; i < TIMES && least > BOUND; i++) {
    Object.assign(context, { pattern, line });
    const spent = stopwatch();
    try {
      runInContext("pattern.lastIndex = 0; pattern.test(line)", context, { timeout: STOP });
    } catch {
      return STOP;
    }
    least = Math.min(least, spent());
  }
  return least;
}

for (const folder of ["src/log", "src/lsp", "src/linux/printk", "src/panels"]) {
  test(`every pattern of ${folder} processes a hostile line without delay`, () => {
    const slow: string[] = [];
    let count = 0;
    for (const { file, pattern } of patternsIn(folder)) {
      count++;
      for (const line of LINES) {
        const ms = cost(pattern, line);
        if (ms > BOUND) slow.push(`${file}: ${pattern.source} ${Math.round(ms)} ms on ${line.slice(0, 24)}`);
      }
    }
    assert.ok(count > 0, `${count} patterns`);
    assert.deepEqual(slow, []);
  });
}

test("a line of any length costs no more than a long one", () => {
  const long = LINES.map((line) => line + line.slice(-200).repeat(1000));
  const spent = stopwatch();
  for (const line of long) lineOf(line);
  assert.ok(spent() < 1000, `${spent()} ms`);
  assert.ok(lineOf("x".repeat(1 << 20)).text.length <= 4096);
});
