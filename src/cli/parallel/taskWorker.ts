/** The thread that runs commands for tasks, beside the one that prints. */
import { parentPort, workerData } from "node:worker_threads";
import { drive } from "../../base/job.ts";
import { runForSome } from "../../crash/commands/tasks/foreach.ts";
import { ansi, plain, type Style } from "../../render/style.ts";
import { pieceText } from "../../render/text.ts";
import type { Pieces } from "../../say/piece.ts";
import { openingSession } from "../../session/open/open.ts";
import type { Block, BlockAnswer, Output, WorkerJob } from "./taskWorkers.ts";

/** Opens the dump, then does each block of tasks that the starting thread sends. */
export async function workOnTasks(): Promise<number> {
  const port = parentPort;
  if (!port) return 0;
  const { open, tasks, lines, radix, variables, isPlain } = workerData as WorkerJob;
  const { context } = await drive(openingSession(open), new AbortController().signal);
  const own = context.with({ radix, variables });
  const style = isPlain ? plain : ansi();
  const mistakes = new Set<string>();
  port.on("message", ({ from, to }: Block) => {
    const type = own.kernel.types.named("struct task_struct");
    const block = Array.from(tasks.subarray(from, to), (address) => own.kernel.object(type, address));
    const answer: BlockAnswer = { from, outputs: outputsOf(runForSome(own, block, lines, mistakes), style) };
    port.postMessage(answer);
  });
  port.postMessage("ready");
  return 0;
}

/** Joins pieces to as few texts as possible. */
function outputsOf(pieces: Pieces, style: Style): Output[] {
  const outputs: Output[] = [];
  for (const piece of pieces) {
    if (piece.kind === "progress") continue;
    const text = pieceText(piece, style);
    if (piece.kind === "usage") outputs.push({ kind: "usage", message: piece.message, text });
    else if (piece.kind === "fault") outputs.push({ kind: "fault", text });
    else {
      const last = outputs.at(-1);
      // Read only now, because the values of a record can fail when they are formatted.
      const isIncomplete = piece.kind === "record" && piece.unread !== undefined;
      if (last?.kind === "text" && last.isIncomplete === isIncomplete) last.text += text;
      else outputs.push({ kind: "text", text, isIncomplete });
    }
  }
  return outputs;
}
