import { analyze as verdictOf } from "../../../../insight/analyze.ts";
import { lazyRecord } from "../../../../say/piece.ts";
import { command } from "../../../language/command.ts";
import { verdictJson } from "./json.ts";
import { verdictLines } from "./lines.ts";

export const analyze = command({
  name: "analyze",
  readsOnly: true,
  summary: "what happened, where, with which values, and the evidence for it",
  usage: "[-v]",
  options: [{ flag: "-v", help: "with all evidence, and the command that prints each piece of it" }],
  description: `Says what stopped the kernel, which function is at fault, and what the faulting instruction did, each in a sentence. A sentence without a mark is certain: it follows from what was read. Others are marked likely or possible.

At the end stands what could not be checked, with the reason.`,
  examples: [
    { line: "analyze", shows: "The verdict." },
    { line: "analyze -v", shows: "The same with evidence and commands." },
  ],
  *run({ kernel }, args) {
    const verdict = yield* verdictOf(kernel);
    const isVerbose = args.has("-v");
    yield lazyRecord(
      () => verdictJson(verdict),
      () => verdictLines(kernel, verdict, isVerbose),
    );
  },
});
