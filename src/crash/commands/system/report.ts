/** The `report` command: a document about the dump that others can check. */
import { UsageError } from "../../../base/usageError.ts";
import { type Pieces, record } from "../../../say/piece.ts";
import { command, type Context } from "../../language/command.ts";
import type { Block } from "../../../document/block.ts";
import { markdownOf } from "../../../document/markdown.ts";
import { report as reportOf } from "../../report/report.ts";

export const report = command({
  name: "report",
  readsOnly: (args) => !args.has("-o"),
  summary: "a document about the crash: comments, commands and their outputs",
  usage: "[-o file.md | -o file.html]",
  takesOnlyOptions: true,
  options: [{ flag: "-o", argument: "file", help: "write the report to a file; its name ends in .md or .html" }],
  description: `Writes the verdict, who waits for whom, the stacks that matter, the machine and the log as one document in Markdown. Each section has a comment, the whole command, its output, and what the output shows. Long outputs are shortened, and the report says by how many lines.

"vmcore-debug report --check FILE VMCORE" runs the commands of a report again and names each answer that differs.`,
  examples: [
    { line: "report", shows: "The report as Markdown." },
    { line: "report | tail -n 40", shows: "The end of the report: the last messages of the kernel log." },
  ],
  records: () => [{ line: "report", fields: { markdown: { kind: "text", about: "the document" } } }],
  *run(context, args) {
    const path = args.value("-o");
    if (path !== undefined && !/\.(md|html)$/i.test(path))
      throw new UsageError(`-o ${path}: the file name must end in .md or .html`);
    const blocks = yield* reportOf(context);
    if (path === undefined) {
      const markdown = markdownOf(blocks);
      yield record({ markdown }, ...markdown.trimEnd().split("\n"));
    } else yield* writeReport(context, path, blocks);
  },
});

/** Writes the report to a file. @throws UsageError if this front end writes no files */
function* writeReport({ createFile }: Context, path: string, blocks: readonly Block[]): Pieces {
  if (!createFile) throw new UsageError("this front end writes no files; without -o the report is printed");
  let text = "";
  if (/\.html$/i.test(path)) {
    const loading = import("../../report/html.ts").then(({ htmlOf }) => (text = htmlOf(blocks)));
    yield { kind: "progress", what: "the page", done: 0, total: 1, until: loading };
  } else text = markdownOf(blocks);
  const file = createFile(path);
  try {
    file.write(new TextEncoder().encode(text));
  } finally {
    file.close();
  }
}
