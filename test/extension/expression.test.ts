import assert from "node:assert/strict";
import { test } from "node:test";
import { expressionAt, lastUses } from "../../src/extension/expression.ts";

/** The text that a hover at `^` of the second line finds in the first. */
function under(line: string, marker: string): string | undefined {
  const range = expressionAt(line, marker.indexOf("^"));
  return range && line.slice(range.start, range.end);
}

const cases: readonly (readonly [line: string, marker: string, found: string | undefined])[] = [
  ["	ret = file->f_op->write(file, buf);", "	               ^", "file->f_op"],
  ["	ret = file->f_op->write(file, buf);", "	       ^", "file"],
  ["	x = tasks[i + 1].comm;", "	                  ^", "tasks[i + 1].comm"],
  ["	x = (p + 1)->next;", "	               ^", "(p + 1)->next"],
  ["	x = current_of(p)->next;", "	                     ^", undefined],
  ["	x = a . b -> c;", "	             ^", "a . b -> c"],
  ["	return key;", "	  ^", undefined],
  ["	/* the key is old */", "	        ^", undefined],
  ['	pr_info("key %d", key);', "	          ^", undefined],
  ['	pr_info("key %d", key);', "	                   ^", "key"],
  ["CR2: ffff8ef68526c180 CR3", "      ^", "ffff8ef68526c180"],
  ["at 0xffffffff9b0a3b20 now", "       ^", "0xffffffff9b0a3b20"],
  ["fffff801`8526c180", "          ^", "fffff801`8526c180"],
  ["deadbeefdeadbee1 1234567812345678", "                   ^", undefined],
];

for (const [line, marker, found] of cases) {
  test(`a hover in "${line.trim()}" at column ${marker.indexOf("^")} is about ${found ?? "nothing"}`, () => {
    assert.equal(under(line, marker), found);
  });
}

test("a value is shown after the last line that mentions its variable, within the function", () => {
  const lines = [
    "int other(int key)",
    "{",
    "}",
    "static void handle(int key, int mask)",
    "{",
    "	int count = mask;",
    "	p->count = key;",
    "	panic();",
    "	use(count);",
  ];
  const found = lastUses(
    (line) => lines[line] ?? "",
    7,
    ["key", "mask", "count", "panic"].map((name) => ({ name, value: "1" })),
  );
  assert.deepEqual(
    found.map(({ line, variable }) => [variable.name, line]),
    [
      ["panic", 7],
      ["key", 6],
      ["count", 5],
      ["mask", 5],
    ],
  );
});
