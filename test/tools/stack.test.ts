import assert from "node:assert/strict";
import { after, test } from "node:test";
import { drive } from "../../src/base/job.ts";
import { run, readLine } from "../../src/crash/language/language.ts";
import { lineText } from "../../src/say/piece.ts";
import { openSession } from "../../src/session/open/open.ts";
import { answerOf } from "../../src/tools/answer.ts";
import { stack } from "../../src/tools/stack.ts";
import type { Tool } from "../../src/tools/tool.ts";

const session = openSession({ vmcore: ["sample/vmcore"] });
after(() => session.close());

interface Function {
  readonly function: string | null;
  readonly inlined: boolean;
}

/** The functions of a stack, without inlined ones. */
const called = (frames: readonly Function[]): (string | null)[] =>
  frames.filter(({ inlined }) => !inlined).map(({ function: name }) => name);

/** What `bt` prints: the functions of its lines, and those of its JSON. */
function printed(): { readonly text: string[]; readonly json: (string | null)[] } {
  const pieces = [...run(session.context, readLine(session.context, "bt"))].filter(({ kind }) => kind === "record");
  const [piece] = pieces;
  if (piece?.kind !== "record") return assert.fail("bt prints no record");
  const text = piece.lines
    .map((line) => lineText(line))
    .flatMap((line) => /#\d+ \[[0-9a-f]+\] (\S+) at|\[exception RIP: ([^+\]]+)/.exec(line)?.slice(1) ?? [])
    .filter((name) => name !== undefined);
  return { text, json: called((piece.data as unknown as { frames: Function[] }).frames) };
}

test("the lines of bt, its JSON and the tool begin at the same function: the one that stopped the machine", async () => {
  const { text, json } = printed();
  const { answer } = await drive(answerOf(session.context, stack as Tool, {}), new AbortController().signal);
  const frames = (answer.data as (Function & { pc?: string })[]).filter(({ pc }) => pc !== undefined);
  assert.equal(text[0], "panic");
  assert.deepEqual(json, text);
  assert.deepEqual(called(frames), text);
});
