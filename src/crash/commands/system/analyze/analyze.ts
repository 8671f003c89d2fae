/** The `analyze` command: prints the verdict about the crash. */
import { UsageError } from "../../../../base/usageError.ts";
import { analyze as verdictOf, type Verdict } from "../../../../insight/analyze.ts";
import { verdictMarkdown } from "../../../../insight/markdown.ts";
import type { SourceExcerpt } from "../../../../insight/source.ts";
import type { Kernel } from "../../../../model/kernel.ts";
import { TableLayout } from "../../../../render/layout.ts";
import { lazyRecord, type Line, type Pieces } from "../../../../say/piece.ts";
import { command } from "../../../language/command.ts";
import { FIXES_LIMIT, fixesLines, fixesOf } from "./fixes.ts";
import { verdictFields, verdictJson } from "./json.ts";
import { findingsTable } from "./rows.ts";
import { verdictLines } from "./lines.ts";
import { crashSource } from "./source.ts";

function* tableOf(kernel: Kernel, { findings }: Verdict): Pieces {
  const layout = new TableLayout(kernel, findingsTable);
  layout.fit(findings);
  yield layout.heading();
  for (const finding of findings) yield layout.row(finding);
}

const markdownLines = (verdict: Verdict, source: SourceExcerpt | undefined): Line[] =>
  verdictMarkdown(verdict, { source })
    .trimEnd()
    .split("\n")
    .map((line) => [line]);

/** Maximum of the time limit, in seconds. */
const MAX_LIMIT = 3600;

/** Parses the time limit. @throws UsageError */
function limitOf(given = ""): number {
  const seconds = given === "" ? FIXES_LIMIT : Number(given);
  if (seconds > 0 && seconds <= MAX_LIMIT) return seconds;
  throw new UsageError(`--fixes=${given}: not a number of seconds up to ${MAX_LIMIT}`);
}

export const analyze = command({
  name: "analyze",
  // git reads files that the dump does not name.
  readsOnly: (args) => !args.has("--fixes"),
  summary: "what happened, where, with which values, and the evidence for it",
  usage: "[-v | -t | -m] [--fixes[=seconds]]",
  takesOnlyOptions: true,
  options: [
    { flag: "-v", help: "also print the evidence, and the command that prints each piece of evidence" },
    { flag: "-t", help: "as a table with one row per finding" },
    { flag: "-m", help: "as Markdown, with the evidence and the source lines of the crash" },
    {
      flag: "--fixes",
      argument: "seconds",
      optional: true,
      help: `also list later commits that change the guilty function; time limit, ${FIXES_LIMIT} s by default`,
    },
  ],
  description: `Reports what stopped the kernel, the guilty function, and what the faulting instruction did, each in a sentence. A sentence without a mark is certain: it follows from data that was read. Others are marked likely or possible.

The section "Not checked" lists what could not be checked, with the reason.

--fixes needs a git repository as the kernel source (--source, "kernelSource") and debuginfo with lines. In the branches of the repository it lists the commits that change the guilty function and that the release of the dump's kernel does not contain. They are not judged. git runs nothing that the repository configures, and fetches nothing.`,
  examples: [
    { line: "analyze", shows: "The verdict." },
    { line: "analyze -v", shows: "The same with evidence and commands." },
    { line: "analyze --fixes", shows: "The same with the commits after the release that change the guilty function." },
    { line: "analyze -m > verdict.md", shows: "The same as Markdown, in a file." },
  ],
  records: () => [
    { line: "analyze", fields: verdictFields },
    { line: "analyze -t", fields: findingsTable.columns },
  ],
  *run(context, args) {
    const { kernel } = context;
    const forms = ["-v", "-t", "-m"].filter((flag) => args.has(flag));
    if (forms.length > 1) throw new UsageError(`${forms.join(" and ")} exclude each other`);
    if (args.has("-t") && args.has("--fixes")) throw new UsageError("-t and --fixes exclude each other");
    const limit = args.has("--fixes") ? limitOf(args.value("--fixes")) : undefined;
    const verdict = yield* verdictOf(kernel);
    if (args.has("-t")) return yield* tableOf(kernel, verdict);
    const source = args.has("-m") ? yield* crashSource(context, verdict) : undefined;
    const fixes = limit === undefined ? undefined : yield* fixesOf(context, limit);
    const more = fixes ? fixesLines(fixes) : [];
    yield lazyRecord(
      () => verdictJson(verdict, fixes),
      () =>
        args.has("-m")
          ? [...markdownLines(verdict, source), ...more]
          : [...verdictLines(verdict, args.has("-v")), ...more],
    );
  },
});
