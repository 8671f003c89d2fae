/** Checks a report against a dump: runs its commands again and compares the answers. */
import type { Piece } from "../../say/piece.ts";
import type { Context } from "../language/command.ts";
import type { Block, CommandBlock } from "../../document/block.ts";
import { withChanges } from "../language/context.ts";
import { shortened, shorteningOf } from "../../document/shortening.ts";
import { documentContext, runBlock } from "./output.ts";

/** A place where a report does not agree with the dump. */
export interface Difference {
  /** The command; undefined for a number in the text. */
  readonly command: string | undefined;
  /** Line of the output, counted from 1; 0 for a number in the text. */
  readonly line: number;
  /** The line in the report; undefined if it is missing there. */
  readonly reported: string | undefined;
  /** The line or number in the dump; undefined if it has none. */
  readonly actual: string | undefined;
}

export interface CheckedReport {
  /** Number of commands that were run. */
  readonly commands: number;
  /** Number of numbers in the text that were looked for in the outputs. */
  readonly numbers: number;
  readonly differences: readonly Difference[];
  /** Commands whose answers were not compared, because a check in them was stopped by its time limit. */
  readonly incomplete: readonly string[];
}

/** What an answer says of a check that was stopped by its time limit (insight/runCheck.ts). */
const STOPPED = /: it was stopped after [\d.]+ s$/;
const isStopped = (lines: readonly string[]): boolean => lines.some((line) => STOPPED.test(line));

/** Maximum number of differing lines of one output that are listed. */
const MAX_LISTED = 20;

/**
 * Runs the commands of a report and compares every line of their outputs. Then looks for each number of the text in
 * the outputs of its section, as the commands print them now; those of the text before the first section and of
 * headings in all outputs.
 */
export function* checkReport(context: Context, blocks: readonly Block[]): Generator<Piece, CheckedReport, void> {
  const differences: Difference[] = [];
  const incomplete: string[] = [];
  const sections = sectionsOf(blocks);
  const outputs = new Map<CommandBlock, readonly string[]>();
  const commands = blocks.filter((block) => block.kind === "command");
  let now = documentContext(context);
  for (const [done, block] of commands.entries()) {
    yield { kind: "progress", what: block.lines, done, total: commands.length };
    const { lines, changes } = yield* runBlock(now, block.lines);
    now = withChanges(now, changes);
    outputs.set(block, lines);
    const found = outputDifferences(block, lines);
    // A busy machine stops a check that another one finishes.
    if (found.length > 0 && isStopped([...lines, ...(block.output?.split("\n") ?? [])])) incomplete.push(block.lines);
    else differences.push(...found);
  }
  // A number in the text may be part of a command that it names.
  const named = commands.flatMap(({ lines }) => numbersIn(lines));
  const known = (section: readonly Block[]): ReadonlySet<string> => {
    const printed = section.flatMap((block) => (block.kind === "command" ? (outputs.get(block) ?? []) : []));
    return new Set([...named, ...printed.flatMap(numbersIn)]);
  };
  const everywhere = known(blocks);
  let numbers = 0;
  for (const [at, section] of sections.entries()) {
    const own = at === 0 ? everywhere : known(section);
    const isComplete =
      at === 0 || section.every((block) => block.kind !== "command" || !incomplete.includes(block.lines));
    if (incomplete.length > 0 && (at === 0 || !isComplete)) continue;
    for (const block of section) {
      if (block.kind === "command") continue;
      for (const number of numbersIn(textOf(block))) {
        numbers++;
        if (!(block.kind === "heading" ? everywhere : own).has(number))
          differences.push({ command: undefined, line: 0, reported: number, actual: undefined });
      }
    }
  }
  return { commands: commands.length, numbers, differences, incomplete };
}

/** Splits a document at its headings of level 2. */
function sectionsOf(blocks: readonly Block[]): Block[][] {
  const sections: Block[][] = [[]];
  for (const block of blocks) {
    if (block.kind === "heading" && block.level === 2) sections.push([]);
    sections.at(-1)?.push(block);
  }
  return sections;
}

function outputDifferences({ lines: command, output }: CommandBlock, actual: readonly string[]): Difference[] {
  if (output === undefined) return [];
  const reported = output === "" ? [] : output.split("\n");
  const shortening = shorteningOf(reported);
  const expected = shortening ? shortened(actual, shortening) : actual;
  const differences: Difference[] = [];
  for (let at = 0; at < Math.max(reported.length, expected.length); at++) {
    const [given, actual] = [reported[at]?.trimEnd(), expected[at]?.trimEnd()];
    if (given === actual) continue;
    differences.push({ command, line: at + 1, reported: given, actual });
    if (differences.length >= MAX_LISTED) break;
  }
  return differences;
}

/** Returns the text of a block without the marks of Markdown, links' targets, and the names of commands in it. */
const textOf = (block: Exclude<Block, CommandBlock>): string =>
  block.text.replace(/\]\([^)\s]*\)/g, "]").replace(/\\([^\w\s])/g, "$1");

/** Returns the numbers in a text: decimal ones, and hexadecimal ones with or without a prefix. */
export function numbersIn(text: string): string[] {
  const found = text.match(/(?<![\w.])(?:0x[\da-f]+|[\da-f]*\d[\da-f]*(?:\.\d+)?)(?![\w])/gi) ?? [];
  return found.map((one) => one.toLowerCase().replace(/^0x0*(?=.)/, ""));
}
