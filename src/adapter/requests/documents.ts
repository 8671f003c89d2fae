/** The custom requests for documents: the report, cells of notebooks, and pages. */
import { documentContext, runBlock } from "../../crash/report/output.ts";
import { report } from "../../crash/report/report.ts";
import { blocksOf, markdownOf } from "../../document/markdown.ts";
import type { Block } from "../../document/block.ts";
import type { Handlers } from "../handlers.ts";

/** Writes a report, runs the commands of a cell, and turns Markdown into a page. */
export const documents: Pick<Handlers, "vmcore/report" | "vmcore/runCell" | "vmcore/page"> = {
  *"vmcore/report"({ context }, { format }) {
    const blocks = yield* report(context);
    return { text: format === "html" ? yield* page(blocks) : markdownOf(blocks) };
  },
  *"vmcore/runCell"(target, { lines }) {
    const done = yield* runBlock(documentContext(target.context), lines);
    target.change(done.changes);
    return { text: done.lines.join("\n"), answered: done.isAnswered };
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
