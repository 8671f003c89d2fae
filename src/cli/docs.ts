/** The verb `docs`: prints the pages that are generated from declarations. */
import type { Command, Option } from "../crash/language/command.ts";
import { commands } from "../crash/commands.ts";
import { filters } from "../crash/language/filters.ts";
import { synopsis } from "../crash/language/command.ts";
import { SCHEMA } from "../render/json.ts";
import { documentSchema, type JsonSchema } from "../render/jsonSchema.ts";
import type { Fields, ColumnKind } from "../say/table.ts";
import { EXIT_ANSWERED } from "./exit.ts";
import { formatsPage } from "../session/open/formatsPage.ts";

/**
 * Runs `vmcore-debug docs [json | formats | schema]`: prints docs/commands.md, docs/json.md, docs/formats.md, or the
 * schemas of docs/schema as one document with a key for each command.
 */
export function docs([page]: readonly string[] = []): number {
  process.stdout.write(
    page === "json"
      ? jsonPage()
      : page === "formats"
        ? formatsPage()
        : page === "schema"
          ? `${JSON.stringify(commandSchemas(), undefined, 2)}\n`
          : commandsPage(),
  );
  return EXIT_ANSWERED;
}

/** Returns the JSON schema of each command that prints records, by the command's name. */
export const commandSchemas = (): Readonly<Record<string, JsonSchema>> =>
  Object.fromEntries(
    commands().flatMap(({ name, records }) => (records ? [[name, documentSchema(name, records())]] : [])),
  );

/** Returns docs/json.md, generated from the declarations of the commands' tables. */
export function jsonPage(): string {
  const documented = commands().flatMap(({ records }) => records?.() ?? []);
  const lines = [
    "# Records of `--json`",
    "",
    "Printed by `vmcore-debug docs json` from the declarations that also lay out the tables: do not edit.",
    "",
    `Each command gives one document, \`{"schema": ${SCHEMA}, "records": [...]}\`. The schema number increases when a key is removed or its meaning changes; keys may be added without a new number. Nothing was released before schema 1, so it includes all earlier changes. \`docs/schema\` has a JSON schema of each command's document; it is of the version that it comes with.`,
    "",
    "| type | in JSON |",
    "| --- | --- |",
    ...Object.entries(forms).map(([kind, form]) => `| ${kind} | ${form} |`),
    "",
    'A value that does not exist is `null`. A value that cannot be read is `{"fault": kind, "address": "0x..." or null, "message": text}`; kinds are excluded, missing, truncated, unmapped, corrupt, unknown. `<name>` stands for the keys that the command line names. After a filter, and for `sys config`, each record is the text of a line.',
    "",
    ...documented.flatMap(({ line, fields }) => [
      `## \`${line}\``,
      "",
      "| key | type | unit | |",
      "| --- | --- | --- | --- |",
      ...fieldRows(fields, ""),
      "",
    ]),
  ];
  return `${lines.join("\n").trimEnd()}\n`;
}

const forms: Readonly<Record<ColumnKind, string>> = {
  number: "a number: a size in bytes, a count, an identifier",
  integer: "a C value of a 64-bit type: always a decimal string",
  nanoseconds: "a clock value or a duration: a decimal string; the key ends in `_ns`",
  time: "seconds since 1970: a number",
  text: "a string",
  flag: "true or false",
  address: "a string of `0x` and 16 digits",
  task: "the address of a `task_struct`, as an address",
  symbol: "a name of the symbol table; the address if it has no symbol",
  data: "a list or a record; its keys are listed with a dot",
};

/** Maximum depth of nested records. Deeper ones are described by the records that contain them. */
const MAX_DEPTH = 3;

const fieldRows = (fields: Fields, prefix: string): string[] =>
  Object.entries(fields).flatMap(([key, { kind, unit, about, screenOnly, fields: within }]) =>
    screenOnly
      ? []
      : [
          `| \`${prefix}${key}\` | ${kind} | ${unit ?? ""} | ${about ?? ""} |`,
          ...(within && prefix.split(".").length < MAX_DEPTH ? fieldRows(within, `${prefix}${key}.`) : []),
        ],
  );

/** Returns docs/commands.md, generated from the tables of commands and filters. */
export function commandsPage(): string {
  const all = commands();
  const lines = [
    "# Commands",
    "",
    "Printed by `vmcore-debug docs` from the declarations that also parse the options: do not edit.",
    "",
    all.map(({ name }) => `[${escaped(name)}](#${anchor(name)})`).join(" "),
    "",
    ...all.flatMap(section),
    "## Filters",
    "",
    "These filters are built in, so that `log | grep -i oops | tail -3` works in the editor too; in a terminal the shell runs all other filters.",
    "",
    ...filters.map(({ name, usage, summary }) => `- \`${name} ${usage}\`: ${summary}`),
  ];
  return `${lines.join("\n")}\n`;
}

const anchor = (name: string): string => (name === "*" ? "star" : name);
const escaped = (name: string): string => (name === "*" ? "\\*" : name);

function section(command: Command): string[] {
  const { name, summary, options, description, examples } = command;
  return [
    `<a id="${anchor(name)}"></a>`,
    `## ${escaped(name)}`,
    "",
    `${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`,
    "",
    "```",
    ...synopsis(command),
    "```",
    "",
    ...description
      .split("\n\n")
      .flatMap((paragraph) => (paragraph.startsWith(" ") ? ["```", paragraph, "```", ""] : [paragraph, ""])),
    ...(options.length > 0 ? ["| option | |", "|---|---|", ...options.map(optionRow), ""] : []),
    ...examples.flatMap(({ line, shows }) => [`- \`${line}\`: ${shows}`]),
    "",
  ];
}

const optionRow = ({ flag, argument, optional, help }: Option): string =>
  `| \`${flag}${argument === undefined ? "" : optional ? `[=${argument}]` : ` ${argument}`}\` | ${help.replaceAll("|", "\\|")} |`;
