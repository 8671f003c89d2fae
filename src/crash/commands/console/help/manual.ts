/** Formats the manual page of a command. */
import { type Command, type Option, synopsis } from "../../../language/command.ts";
import { indent, labelled } from "../../../../render/pad.ts";
import { recordedSample } from "./sampleOutput.ts";
import type { Line } from "../../../../say/piece.ts";

/** Width of a manual page in characters. */
const WIDTH = 78;
const INDENT = "  ";

/** Returns the manual page of a command, made from its declaration. */
export function manual(command: Command): Line[] {
  const { name, summary, description, options, examples } = command;
  return [
    [],
    ...section("NAME", [`${name} - ${summary}`]),
    ...section("SYNOPSIS", synopsis(command)),
    ...section("DESCRIPTION", paragraphs(description)),
    ...(options.length > 0 ? section("OPTIONS", options.flatMap(optionLines)) : []),
    ...(examples.length > 0
      ? section(
          "EXAMPLES",
          examples.flatMap(({ line, shows }, i) => [
            ...(i > 0 ? [""] : []),
            ...wrap(shows, WIDTH - 2),
            `${INDENT}crash> ${line}`,
            ...recordedSample(line).map((one) => `${INDENT}${one}`),
          ]),
        )
      : []),
  ];
}

const section = (title: string, lines: readonly string[]): Line[] => [
  [{ as: "title", text: title }],
  ...lines.map((line): Line => [line === "" ? "" : INDENT + line]),
  [],
];

/**
 * Splits a text into paragraphs at blank lines. A paragraph that starts with blanks is a table or code and is not
 * wrapped.
 */
export function paragraphs(text: string): string[] {
  return text
    .split(/\n\n+/)
    .flatMap((paragraph, i) => [
      ...(i > 0 ? [""] : []),
      ...(paragraph.startsWith(" ") ? paragraph.split("\n") : wrap(paragraph, WIDTH - 2)),
    ]);
}

/** Width of the column of options in characters. */
const OPTION_WIDTH = 14;

function optionLines({ flag, argument, optional, help }: Option): string[] {
  const shown = `${flag}${argument === undefined ? "" : optional ? `[=${argument}]` : ` ${argument}`}`;
  const [first = "", ...more] = wrap(help, WIDTH - OPTION_WIDTH - 4);
  const margin = indent(OPTION_WIDTH + 2);
  if (shown.length > OPTION_WIDTH) return [shown, ...[first, ...more].map((line) => margin + line)];
  return [labelled(shown, first, OPTION_WIDTH), ...more.map((line) => margin + line)];
}

/** Wraps words into lines of at most `width` characters. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/\s+/)) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
