import { UsageError } from "../../../../base/usageError.ts";
import { analyze as verdictOf, type Verdict } from "../../../../insight/analyze.ts";
import type { Kernel } from "../../../../model/kernel.ts";
import { TableLayout } from "../../../../render/layout.ts";
import { lazyRecord, type Pieces } from "../../../../say/piece.ts";
import { command } from "../../../language/command.ts";
import { verdictJson } from "./json.ts";
import { findingsTable } from "./rows.ts";
import { verdictLines } from "./lines.ts";

function* tableOf(kernel: Kernel, { findings }: Verdict): Pieces {
  const layout = new TableLayout(kernel, findingsTable);
  layout.fit(findings);
  yield layout.heading();
  for (const finding of findings) yield layout.row(finding);
}

export const analyze = command({
  name: "analyze",
  readsOnly: true,
  summary: "what happened, where, with which values, and the evidence for it",
  usage: "[-v | -t]",
  options: [
    { flag: "-v", help: "with all evidence, and the command that prints each piece of it" },
    { flag: "-t", help: "as a table, a row for each finding" },
  ],
  description: `Says what stopped the kernel, which function is at fault, and what the faulting instruction did, each in a sentence. A sentence without a mark is certain: it follows from what was read. Others are marked likely or possible.

At the end stands what could not be checked, with the reason.`,
  examples: [
    { line: "analyze", shows: "The verdict." },
    { line: "analyze -v", shows: "The same with evidence and commands." },
  ],
  records: () => [{ line: "analyze -t", fields: findingsTable.columns }],
  *run({ kernel }, args) {
    if (args.has("-t") && args.has("-v")) throw new UsageError("-t and -v exclude each other");
    const verdict = yield* verdictOf(kernel);
    if (args.has("-t")) return yield* tableOf(kernel, verdict);
    const isVerbose = args.has("-v");
    yield lazyRecord(
      () => verdictJson(verdict),
      () => verdictLines(kernel, verdict, isVerbose),
    );
  },
});
