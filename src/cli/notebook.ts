/** The verb `notebook`: runs the cells of a crash notebook on a dump. */
import { inputText } from "../base/file.ts";
import type { Job } from "../base/job.ts";
import type { Block } from "../document/block.ts";
import { blocksOf } from "../document/markdown.ts";
import type { Context } from "../crash/language/command.ts";
import { withChanges } from "../crash/language/context.ts";
import { documentContext, runBlock } from "../crash/report/output.ts";
import type { Piece } from "../say/piece.ts";
import { refuseInputs } from "../session/refuseInputs.ts";
import { writeDocument } from "./documentFile.ts";
import { EXIT_USAGE } from "./exit.ts";
import { withContext, withProgress } from "./openAndRun.ts";

const USAGE = "usage: vmcore-debug notebook run FILE.crashnb [-o FILE.crashnb|.md|.html] [options] VMCORE...";

/**
 * Runs `vmcore-debug notebook run FILE [-o FILE] [options] VMCORE...`: prints the notebook with the outputs of this
 * dump, or writes it to a file.
 * @returns the exit status; EXIT_FAILED if a command was not answered
 */
export function notebook([action, file, ...argv]: readonly string[]): number | Promise<number> {
  const at = argv.indexOf("-o");
  const output = at < 0 ? undefined : argv[at + 1];
  if (action !== "run" || file === undefined || file.startsWith("-") || (at >= 0 && output === undefined)) {
    process.stderr.write(`${USAGE}\n`);
    return EXIT_USAGE;
  }
  const rest = at < 0 ? argv : [...argv.slice(0, at), ...argv.slice(at + 2)];
  return withContext(rest, async (context) => {
    if (output !== undefined) refuseInputs(context.session, output);
    const { blocks, isAnswered } = await withProgress(running(context, blocksOf(inputText(file))));
    await writeDocument(output, blocks);
    return isAnswered;
  });
}

/** Runs the cells in order; what one changes applies to those after it. */
function* running(
  context: Context,
  blocks: readonly Block[],
): Job<{ readonly blocks: readonly Block[]; readonly isAnswered: boolean }, Piece> {
  const done: Block[] = [];
  let now = documentContext(context);
  let isAnswered = true;
  for (const [index, block] of blocks.entries()) {
    if (block.kind !== "command") {
      done.push(block);
      continue;
    }
    yield { kind: "progress", what: block.lines, done: index, total: blocks.length };
    const cell = yield* runBlock(now, block.lines);
    now = withChanges(now, cell.changes);
    isAnswered &&= cell.isAnswered;
    done.push({ ...block, output: cell.lines.join("\n") });
  }
  return { blocks: done, isAnswered };
}
