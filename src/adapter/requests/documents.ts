/** The custom requests for documents: the crash report, cells of crash notebooks, and Markdown as HTML. */
import { documentContext, runBlock } from "../../crash/report/output.ts";
import { report } from "../../crash/report/report.ts";
import { blocksOf, markdownOf } from "../../document/markdown.ts";
import type { Block } from "../../document/block.ts";
import type { Handlers } from "../handlers.ts";

/** Writes a crash report, runs the commands of a cell, copies the console, and converts Markdown to HTML. */
export const documents: Pick<Handlers, "vmcore/report" | "vmcore/runCell" | "vmcore/transcript" | "vmcore/page"> = {
  *"vmcore/report"({ context }, { format }) {
    const blocks = yield* report(context);
    return { text: format === "html" ? yield* page(blocks) : markdownOf(blocks) };
  },
  *"vmcore/runCell"(target, { lines }) {
    const done = yield* runBlock(documentContext(target.context), lines);
    target.change(done.changes);
    return { text: done.lines.join("\n"), answered: done.isAnswered };
  },
  *"vmcore/transcript"(target) {
    const { transcript } = target.console;
    yield;
    return { text: markdownOf(transcript.blocks(target.session.context.session.vmcore)), commands: transcript.length };
  },
  *"vmcore/page"(_target, { markdown }) {
    return { text: yield* page(blocksOf(markdown)) };
  },
};

/** Returns the HTML of a document. It waits until the Markdown renderer is loaded. */
function* page(blocks: readonly Block[]) {
  let text = "";
  const until = import("../../crash/report/html.ts").then(({ htmlOf }) => (text = htmlOf(blocks)));
  yield { until };
  return text;
}
