/** Builds the report about a dump: what happened, with the commands that show it. */
import { analyze, type Verdict } from "../../insight/analyze.ts";
import { verdictSentence } from "../../insight/verdictSentence.ts";
import { waitGraph } from "../../insight/waits/waitGraph.ts";
import { attempting, Fault } from "../../base/fault.ts";
import { markdownProse } from "../../base/markdown.ts";
import type { Piece } from "../../say/piece.ts";
import type { Context } from "../language/command.ts";
import { type Block, heading, paragraph } from "../../document/block.ts";
import { shortened, type Shortening } from "../../document/shortening.ts";
import { documentContext, runBlock } from "./output.ts";
import { type Section, sectionsOf } from "./sections.ts";

/** Numbers of first and last lines that are kept of a long output, unless a step has its own. */
const USUAL: Shortening = { head: 40, tail: 10 };

/**
 * Returns the blocks of the report. Each section has one or more commands, each with a comment before it, its output,
 * and what the output shows. A fault is part of the output of its command, so the report never fails.
 */
export function* report(context: Context): Generator<Piece, Block[], void> {
  const { kernel } = context;
  const verdict = yield* analyze(kernel);
  const waits = yield* attempting(waitGraph(kernel));
  const graph = waits instanceof Fault ? undefined : waits;
  const sections = sectionsOf({ context, verdict, graph });
  const blocks: Block[] = [heading(1, `Crash report: ${markdownProse(verdict.title)}`), paragraph(opening(verdict))];
  for (const [done, section] of sections.entries()) {
    yield { kind: "progress", what: section.title, done, total: sections.length };
    blocks.push(...(yield* sectionBlocks(documentContext(context), section)));
  }
  return blocks;
}

const opening = (verdict: Verdict): string => {
  const sentence = verdictSentence(verdict);
  return `${sentence === undefined ? "" : `**${markdownProse(sentence)}.**\n\n`}Each section has commands of vmcore-debug, what they printed, and what that shows. \`vmcore-debug report --check FILE VMCORE\` runs the commands again and names every answer that differs.`;
};

function* sectionBlocks(context: Context, { title, steps }: Section): Generator<Piece, Block[], void> {
  const blocks: Block[] = [heading(2, title)];
  for (const { before, command, after, shortening } of steps) {
    blocks.push(paragraph(before));
    const { lines } = yield* runBlock(context, command);
    const output = shortened(lines, shortening ?? USUAL).join("\n");
    blocks.push({ kind: "command", lines: command, output });
    if (after !== undefined && after !== "") blocks.push(paragraph(after));
  }
  return blocks;
}
