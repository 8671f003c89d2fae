import type { Command, Option } from "../crash/language/command.ts";
import { commands } from "../crash/commands.ts";
import { filters } from "../crash/language/filters.ts";
import { synopsis } from "../crash/language/command.ts";
import { EXIT_ANSWERED } from "./exit.ts";

/** `vmcore-debug docs`: prints docs/commands.md. */
export function docs(): number {
  process.stdout.write(commandsPage());
  return EXIT_ANSWERED;
}

/** docs/commands.md, from the tables of commands and filters. */
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
    "Built in, so that `log | grep -i oops | tail -3` works in every face; in a terminal the shell runs any other.",
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
