/** The `analyze` command: prints the verdict about the crash. */
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
    { flag: "-v", help: "also print the evidence, and the command that prints each piece of evidence" },
    { flag: "-t", help: "as a table with one row per finding" },
  ],
  description: `Reports what stopped the kernel, which function is at fault, and what the faulting instruction did, each in a sentence. A sentence without a mark is certain: it follows from data that was read. Others are marked likely or possible.

The last section lists what could not be checked, with the reason.`,
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
