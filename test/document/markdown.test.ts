import assert from "node:assert/strict";
import { test } from "node:test";
import type { Block } from "../../src/document/block.ts";
import { blocksOf, markdownOf } from "../../src/document/markdown.ts";

const blocks: readonly Block[] = [
  { kind: "heading", level: 1, text: "Crash report" },
  { kind: "text", text: "Two\n\nparagraphs." },
  { kind: "command", lines: "ps\nlog", output: "PID\n\n  1" },
  { kind: "text", text: "After." },
  { kind: "heading", level: 2, text: "More" },
  { kind: "command", lines: "sys", output: undefined },
  { kind: "command", lines: "mod", output: "" },
];

test("blocks are the same after they were written as Markdown and read", () => {
  assert.deepEqual(blocksOf(markdownOf(blocks)), blocks);
  assert.equal(markdownOf(blocksOf(markdownOf(blocks))), markdownOf(blocks));
});

test("an output with fences, headings and commands in it stays one output", () => {
  const output = "```crash\nps\n```\n# not a heading\n````";
  const [block] = blocksOf(markdownOf([{ kind: "command", lines: "log", output }]));
  assert.deepEqual(block, { kind: "command", lines: "log", output });
});

test("fences with other names are text, and their lines are no headings", () => {
  const text = "See:\n\n```c\n#include <x.h>\n# define Y\n```";
  assert.deepEqual(blocksOf(`${text}\n\nEnd.\n`), [{ kind: "text", text: `${text}\n\nEnd.` }]);
});

test("a text fence is the output only of the commands directly above it", () => {
  assert.deepEqual(blocksOf("```crash\nps\n```\n\nWhy:\n\n```text\nx\n```\n"), [
    { kind: "command", lines: "ps", output: undefined },
    { kind: "text", text: "Why:\n\n```text\nx\n```" },
  ]);
});

test("a file that ends within a fence is read to its end", () => {
  assert.deepEqual(blocksOf("```crash\nps"), [{ kind: "command", lines: "ps", output: undefined }]);
  assert.deepEqual(blocksOf(""), []);
});
