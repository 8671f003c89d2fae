/** The `help` command: prints manual pages. */
import { UsageError } from "../../../../base/usageError.ts";
import { commandOfAlias } from "../../../language/alias.ts";
import { command, type Command, commandsOf } from "../../../language/command.ts";
import { manual, paragraphs } from "./manual.ts";
import { downColumns, left } from "../../../../render/pad.ts";
import { record, text, type Pieces } from "../../../../say/piece.ts";
import { topics } from "./topics.ts";
import type { Fields } from "../../../../say/table.ts";

export const help = command({
  name: "help",
  readsOnly: true,
  summary: "how commands are used",
  usage: "[-D | -n] [command | input | output | all]",
  options: [
    { flag: "-D", help: "the headers of the dump file" },
    { flag: "-n", help: "the same" },
  ],
  description:
    'Lists the commands, or shows the manual page of one, or with "all" those of every command. Each page comes from the same declaration as the command\'s options.',
  examples: [
    { line: "help", shows: "Every command." },
    { line: "help struct", shows: "The manual page of struct." },
    { line: "help -D", shows: "The headers of the dump: format, dump level, notes, VMCOREINFO." },
  ],
  records: () => [
    { line: "help struct", fields: manualFields },
    { line: "help -D", fields: { name: { kind: "text" }, value: { kind: "text" } } },
    { line: "help input", fields: { topic: { kind: "text" }, text: { kind: "text" } } },
  ],
  *run(context, args) {
    const [wanted] = args.rest;
    if (args.has("-D") || args.has("-n")) {
      const { headerRows } = context.session;
      if (!headerRows) throw new UsageError("this session has no dump file with headers");
      for (const [name, value] of headerRows()) yield record({ name, value }, [...left(name, 16), value]);
      return;
    }
    if (wanted === undefined) return yield* list(commandsOf(context));
    const name = commandOfAlias(context, wanted);
    const topic = topics.get(wanted);
    if (topic) return yield record({ topic: wanted, text: topic }, "", ...paragraphs(topic), "");
    const found = commandsOf(context).filter((one) => wanted === "all" || one.name === wanted || one.name === name);
    if (found.length === 0) throw new UsageError(`no command "${wanted}"; "help" lists them`);
    for (const one of found) {
      const { name, summary, usage, description, options, examples } = one;
      const data = {
        name,
        summary,
        usage,
        description,
        options: options.map(({ flag, argument, help }) => ({ flag, argument, help })),
        examples: examples.map(({ line, shows }) => ({ line, shows })),
      };
      yield record(data, ...manual(one));
    }
  },
});

/** The fields of a manual page; the list of commands has the first two. */
const manualFields: Fields = {
  name: { kind: "text" },
  summary: { kind: "text" },
  usage: { kind: "text" },
  description: { kind: "text" },
  options: {
    kind: "data",
    fields: { flag: { kind: "text" }, argument: { kind: "text", about: "its name" }, help: { kind: "text" } },
  },
  examples: { kind: "data", fields: { line: { kind: "text" }, shows: { kind: "text" } } },
};

/** Number of columns of the list of commands. */
const COLUMNS = 5;
/** Width of a column in characters. */
const COLUMN_WIDTH = 15;

/** Lists the commands in columns, read downwards. In JSON, each command is a record. */
function* list(all: readonly Command[]): Pieces {
  for (const { name, summary } of all) yield record({ name, summary });
  const names = all.map(({ name }) => name);
  yield text(
    "",
    ...downColumns(names, COLUMNS, COLUMN_WIDTH),
    "",
    'For help on any command above, enter "help <command>".',
    'For help on command lines, enter "help input"; on where output goes, "help output".',
    "",
  );
}
