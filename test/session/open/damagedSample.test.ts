/** The embedded example with a few bytes of its memory changed: each change once led to a wrong answer, or to none. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { alteredSample } from "../../builders/alteredDump.ts";
import { data, transcript } from "../../builders/transcript.ts";

/** `tasks.next` of a task leads to one far behind it. */
const SKIPPED_TASKS = [0x3e9a950, "d0b2a19cffff"] as const;

test("tasks that a damaged link skips are listed, and the damage is said", () => {
  const { context } = alteredSample(SKIPPED_TASKS);
  assert.equal(data(context, "ps").length, 98);
  const said =
    /^list of tasks: list is damaged here: its next entry 0x[0-9a-f]+ names 0x[0-9a-f]+ as the one before it/;
  for (const line of ["sys", "ps", "foreach task -R pid"]) {
    const last = transcript(context, line).trimEnd().split("\n").at(-1) ?? "";
    const name = line.split(" ")[0] ?? "";
    assert.ok(last.startsWith(`${name}: ffff`), last);
    assert.match(last.replace(/^\w+: [0-9a-f]+: /, ""), said);
  }
  assert.match(transcript(context, "sys"), /^ {7}TASKS: 98$/m);
});
