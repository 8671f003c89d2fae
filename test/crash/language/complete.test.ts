import assert from "node:assert/strict";
import { test } from "node:test";
import { complete } from "../../../src/crash/language/complete.ts";
import { toyKernel } from "../../builders/kernel.ts";
import { toyContext } from "../../builders/transcript.ts";

const kernel = toyKernel({
  types: `struct inner { int deep; }; struct outer { int first; struct inner *link; struct { int hidden; }; };
    struct outer thing, theory; int other;`,
  symbols: { thing: 0x1000n, theory: 0x2000n, other: 0x3000n },
});

/** The line completed each way there is. */
function completed(line: string): string[] {
  const context = toyContext(kernel).with({ aliases: new Map([["myalias", "p"]]) });
  const { items, from } = complete(context, line);
  return items.map((item) => line.slice(0, from) + item);
}

test("completions at the end of the line are offered", () => {
  const cases: readonly (readonly [string, readonly string[]])[] = [
    ["whati", ["whatis"]],
    ["  stru", ["  struct"]],
    ["myal", ["myalias"]],
    ["help whati", ["help whatis"]],
    ["eval -", ["eval -b", "eval -l"]],
    ["px -", ["px -d", "px -u", "px -x"]],
    ["p th", ["p theory", "p thing"]],
    ["p 1 + oth", ["p 1 + other"]],
    ["p thing.", ["p thing.first", "p thing.hidden", "p thing.link"]],
    ["p thing.li", ["p thing.link"]],
    ["p thing.link->", ["p thing.link->deep"]],
    ["struct ou", ["struct outer"]],
    ["struct -o ou", ["struct -o outer"]],
    ["struct th", []],
    ["struct outer th", ["struct outer theory", "struct outer thing"]],
    ["struct outer.l", ["struct outer.link"]],
    ["*outer.fi", ["*outer.first"]],
    ["p thing | gr", ["p thing | grep"]],
    ["p thing | wc -", ["p thing | wc -c", "p thing | wc -l", "p thing | wc -m", "p thing | wc -w"]],
    ["p thing | grep x", []],
    ["p nothing.", []],
    ["p ", []],
  ];
  for (const [line, expected] of cases) assert.deepEqual(completed(line), expected, line);
});

test("an empty line offers every command", () => {
  const offered = completed("");
  assert.ok(offered.includes("bt") && offered.includes("*") && offered.includes("dmesg"));
});
