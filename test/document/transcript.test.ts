import assert from "node:assert/strict";
import { test } from "node:test";
import { blocksOf, markdownOf } from "../../src/document/markdown.ts";
import { Transcript } from "../../src/document/transcript.ts";

const outputOf = (transcript: Transcript): string | undefined => {
  const last = blocksOf(markdownOf(transcript.blocks(["vmcore"]))).at(-1);
  return last?.kind === "command" ? last.output : undefined;
};

test("a session is a notebook: each command with its output, fences in an output included", () => {
  const transcript = new Transcript();
  transcript.begin("bt").add("PID: 1");
  const log = transcript.begin("log | grep x");
  log.add("```crash");
  log.add("# x\n```");
  assert.equal(
    markdownOf(transcript.blocks(["crash/vmcore"])),
    "# Session on vmcore\n\n```crash\nbt\n```\n\n```text\nPID: 1\n```\n\n```crash\nlog | grep x\n```\n\n````text\n```crash\n# x\n```\n````\n",
  );
  assert.equal(outputOf(transcript), "```crash\n# x\n```");
});

test("a long output keeps its start and its end and says how many lines are missing", () => {
  const transcript = new Transcript();
  const output = transcript.begin("sym -l");
  for (let i = 1; i <= 400; i++) output.add(`line ${i}`);
  assert.equal(outputOf(transcript)?.split("\n").length, 400);
  for (let i = 401; i <= 100_000; i++) output.add(`line ${i}`);
  const lines = outputOf(transcript)?.split("\n") ?? [];
  assert.deepEqual(lines.slice(299, 302), ["line 300", "[... 99600 of 100000 lines are left out here]", "line 99901"]);
  assert.equal(lines.at(-1), "line 100000");
  assert.equal(lines.length, 401);
});

test("a long line is cut and says how long it was", () => {
  const transcript = new Transcript();
  transcript.begin("rd").add("x".repeat(1_000_000));
  assert.match(outputOf(transcript) ?? "", /^x{2000} \[\.\.\. cut: the line has 1000000 characters\]$/);
});

test("the oldest commands of a long session are left out, and their number is said", () => {
  const transcript = new Transcript();
  for (let i = 0; i < 503; i++) transcript.begin(`set ${i}`);
  const text = markdownOf(transcript.blocks(["vmcore"]));
  assert.match(text, /^# Session on vmcore\n\nThe first 3 commands of the session are left out\.\n\n```crash\nset 3\n/);
});
