/** The `alias` command: defines and lists aliases. */
import { UsageError } from "../../../base/usageError.ts";
import { builtinAliases } from "../../language/alias.ts";
import { command } from "../../language/command.ts";
import { changed } from "../../language/context.ts";
import { TableLayout } from "../../../render/layout.ts";
import { text } from "../../../say/piece.ts";
import type { Table } from "../../../say/table.ts";

export const alias = command({
  name: "alias",
  readsOnly: true,
  summary: "abbreviations of commands",
  usage: "[alias] [command string]",
  options: [],
  takesExpression: true,
  description: `Defines a word that is replaced by a command line, shows the command line of a word, or lists all aliases.

An empty command string ("") deletes an alias. A command string with a pipe or a redirection must be in quotes.`,
  examples: [
    { line: "alias", shows: "All aliases, the built-in ones first." },
    { line: 'alias errors "log | grep -i error"', shows: "Defines a command with a pipe." },
  ],
  records: () => [{ line: "alias", fields: aliasTable.columns }],
  *run({ aliases, kernel }, { rest }) {
    const layout = new TableLayout(kernel, aliasTable);
    const line = (origin: Alias["origin"], name: string, command: string) => layout.row({ origin, name, command });
    const [, name = "", meaning = ""] = /^(\S+)\s*(.*)$/s.exec(rest[0] ?? "") ?? [];
    if (name === "") {
      yield layout.heading();
      for (const [word, command] of builtinAliases) yield line("builtin", word, command);
      for (const [word, command] of aliases) yield line("runtime", word, command);
    } else if (meaning === "") {
      yield layout.heading();
      const own = aliases.get(name);
      const command = own ?? builtinAliases.get(name);
      if (command === undefined) throw new UsageError(`alias does not exist: ${name}`);
      yield line(own === undefined ? "builtin" : "runtime", name, command);
    } else {
      const command = /^(["'])(.*)\1$/s.exec(meaning)?.[2] ?? meaning;
      if (command.trim() !== "") {
        yield changed({ aliases: new Map([[name, command]]) });
        yield layout.heading();
        yield line("runtime", name, command);
      } else if (aliases.has(name)) {
        yield changed({ aliases: new Map([[name, undefined]]) });
        yield text(`alias deleted: ${name}`);
      } else {
        throw new UsageError(`alias does not exist: ${name}`);
      }
    }
  },
});

interface Alias {
  readonly origin: "builtin" | "runtime";
  readonly name: string;
  readonly command: string;
}

export const aliasTable: Table<Alias> = {
  end: " ",
  columns: {
    origin: { kind: "text", title: "ORIGIN", width: 9, value: ({ origin }) => origin },
    alias: { kind: "text", title: "ALIAS", width: 8, gap: "", value: ({ name }) => name },
    command: { kind: "text", title: "COMMAND", value: ({ command }) => command },
  },
};
