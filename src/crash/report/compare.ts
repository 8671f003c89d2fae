/** Compares two dumps: whether they show the same bug, and what else differs. */
import { basename, dirname, join } from "node:path";
import { Fault } from "../../base/fault.ts";
import { analyze, type Verdict } from "../../insight/analyze.ts";
import { sameBug } from "../../insight/sameBug.ts";
import { verdictSentence } from "../../insight/verdictSentence.ts";
import { markdownCode, markdownProse } from "../../base/markdown.ts";
import { sizeText } from "../../render/quantity.ts";
import type { Piece } from "../../say/piece.ts";
import type { Context } from "../language/command.ts";
import { type Block, heading, paragraph } from "../../document/block.ts";
import { type DumpFacts, dumpFacts, type Facts } from "./dumpFacts.ts";

/** Maximum number of differences that are listed of one group; of groups with numbers, the largest come first. */
const MAX_LISTED = 15;

/** A value that two dumps have differently; undefined where a dump lacks it. */
interface Differing<T> {
  readonly name: string;
  readonly a: T | undefined;
  readonly b: T | undefined;
}

/** Returns the comparison of two dumps as a document. */
export function* compare(a: Context, b: Context): Generator<Piece, Block[], void> {
  const verdicts = [yield* analyze(a.kernel), yield* analyze(b.kernel)] as const;
  const facts = [yield* dumpFacts(a), yield* dumpFacts(b)] as const;
  return [...bugBlocks(verdicts, [a, b].map(dumpName)), ...differenceBlocks(...facts)];
}

/** Names a dump by its folder and its file, because most dump files are called "vmcore". */
const dumpName = ({ session }: Context): string => {
  const path = session.vmcore[0] ?? "?";
  return join(basename(dirname(path)), basename(path));
};

function bugBlocks([a, b]: readonly [Verdict, Verdict], names: readonly string[]): Block[] {
  const { answer, because } = sameBug(a, b);
  return [
    heading(1, `Comparison of two dumps: ${answer}`),
    paragraph(because.map((reason) => `- ${markdownProse(reason)}`).join("\n")),
    ...[a, b].map((verdict, at) => {
      const sentence = verdictSentence(verdict);
      const summary = `${markdownProse(verdict.title)}${sentence === undefined ? "" : `: ${markdownProse(sentence)}`}`;
      return paragraph(`**${at === 0 ? "A" : "B"}** is ${markdownCode(names[at] ?? "?")}: ${summary}`);
    }),
  ];
}

function differenceBlocks(a: DumpFacts, b: DumpFacts): Block[] {
  const text = (value: string | undefined): string => (value === undefined ? "-" : markdownCode(value, true));
  const count = (value: number | undefined): string => String(value ?? 0);
  const size = (value: number | undefined): string => (value === undefined ? "-" : sizeText(value));
  return [
    ...section("The kernel and the machine", [a.kernel, b.kernel], text),
    ...section("Modules", [a.modules, b.modules], text),
    ...section("Settings for failures", [a.settings, b.settings], text),
    ...section("Memory by use", [a.memory, b.memory], size, bySize),
    ...section("Tasks by state and stack, innermost function first", [a.stacks, b.stacks], count, bySize),
    ...section("What blocked tasks wait for", [a.waits, b.waits], count, bySize),
  ];
}

function differing<T>(a: ReadonlyMap<string, T>, b: ReadonlyMap<string, T>): Differing<T>[] {
  return [...new Set([...a.keys(), ...b.keys()])]
    .map((name) => ({ name, a: a.get(name), b: b.get(name) }))
    .filter((one) => one.a !== one.b);
}

const bySize = (all: readonly Differing<number>[]): Differing<number>[] =>
  all.toSorted((one, other) => difference(other) - difference(one));

const difference = ({ a = 0, b = 0 }: Differing<number>): number => Math.abs(a - b);

const unreadFacts = (name: "A" | "B", facts: Facts<unknown>): Block[] =>
  facts instanceof Fault
    ? [paragraph(`Not compared: dump ${name} does not tell: ${markdownProse(facts.message)}.`)]
    : [];

/** Returns the section of a group of facts. */
function section<T>(
  title: string,
  [a, b]: readonly [a: Facts<T>, b: Facts<T>],
  text: (value: T | undefined) => string,
  ordered: (all: readonly Differing<T>[]) => Differing<T>[] = (all) => [...all],
): Block[] {
  if (a instanceof Fault || b instanceof Fault)
    return [heading(2, title), ...[unreadFacts("A", a), unreadFacts("B", b)].flat()];
  if (a.size + b.size === 0) return [heading(2, title), paragraph("Nothing to compare: neither dump shows any.")];
  const all = ordered(differing(a, b));
  if (all.length === 0) return [heading(2, title), paragraph("No difference.")];
  const shown = all.slice(0, MAX_LISTED);
  const rows = shown.map(({ name, a, b }) => `| ${markdownCode(name, true)} | ${text(a)} | ${text(b)} |`);
  const more = all.length - shown.length;
  return [
    heading(2, title),
    paragraph(["| | A | B |", "| --- | --- | --- |", ...rows].join("\n")),
    ...(more > 0 ? [paragraph(`${more} more ${more === 1 ? "difference is" : "differences are"} left out.`)] : []),
  ];
}
