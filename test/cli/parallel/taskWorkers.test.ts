import assert from "node:assert/strict";
import { setTimeout } from "node:timers/promises";
import { test } from "node:test";
import { drive } from "../../../src/base/job.ts";
import { taskWorkers } from "../../../src/cli/parallel/taskWorkers.ts";
import type { TaskShare, TaskWorkers } from "../../../src/crash/language/taskShare.ts";
import { run } from "../../../src/crash/language/language.ts";
import { plain } from "../../../src/render/style.ts";
import { pieceText } from "../../../src/render/text.ts";
import type { Piece } from "../../../src/say/piece.ts";
import { openSession } from "../../../src/session/open/open.ts";

const open = { vmcore: ["sample/vmcore"] };
const { context } = openSession(open);

/** Runs a line with a thread from the first task on. After the first piece it waits until the thread works. */
async function shared(line: string, program: string) {
  const workers = taskWorkers(open, plain, { program, block: 4, measured: -1, long: -1 });
  let share: TaskShare | undefined;
  let text = "";
  let formatted = 0;
  let isFirst = true;
  const onStep = async (piece: Piece): Promise<void> => {
    text += pieceText(piece);
    if (piece.kind === "text" && piece.formatted !== undefined) formatted++;
    if (!isFirst) return;
    isFirst = false;
    const isIdle = (): boolean => (Reflect.get(share!, "given") as unknown[]).length === 0 && !Reflect.get(share!, "hasFailed"); // prettier-ignore
    while (isIdle()) await setTimeout(20);
  };
  const taskWorkersOf: TaskWorkers = (...work) => (share = workers(...work));
  await drive(run(context.with({ taskWorkers: taskWorkersOf }), line), new AbortController().signal, { onStep });
  return { text, formatted };
}

const alone = (line: string): string => [...run(context, line)].map((piece) => pieceText(piece)).join("");

test("tasks that a thread does are printed in their places", async () => {
  for (const line of ["foreach bt", "foreach bt sig -R none"]) {
    const { text, formatted } = await shared(line, "./src/cli/main.ts");
    assert.equal(text, alone(line));
    assert.ok(formatted > 0, "the thread has done nothing");
  }
});

test("tasks of a thread that fails are done without it", async () => {
  const { text, formatted } = await shared("foreach bt", "./src/cli/none.ts");
  assert.equal(text, alone("foreach bt"));
  assert.equal(formatted, 0);
});
