/** Explains a report of a kernel log as a Markdown page. */
import { attemptSystem } from "../base/systemError.ts";
import { basename } from "node:path";
import { wholeFile } from "../base/file.ts";
import { hex0x } from "../base/hex.ts";
import { fileUri, markdownBlock, markdownCode, markdownText } from "../base/markdown.ts";
import type { LogContext } from "../log/context.ts";
import { codeHeading } from "../log/explain.ts";
import { entryAt } from "../log/entries.ts";
import { factsOf, type ReportFacts } from "../log/facts.ts";
import type { KernelLog } from "../log/kernelLog.ts";
import { landmarksOf } from "../log/landmarks.ts";
import { codeOf, instructionOf } from "../log/instruction.ts";
import { placeText as entryText } from "../log/place.ts";
import { type SummaryRow as SummaryRow, summaryOf } from "../log/summary.ts";
import type { SourcePlace } from "../protocol/custom.ts";
import { contextOf } from "./context.ts";
import { traceHeading } from "./outline.ts";
import type { Knowledge, Known } from "./knowledge.ts";
import type { PlaceDescription } from "../session/open/staticKernel.ts";
import type { LogText } from "./texts.ts";
import { wellKnown } from "./wellKnown.ts";

export interface Analysis {
  readonly title: string;
  readonly markdown: string;
}

/** Maximum number of call traces in a page. */
const MAX_TRACES = 6;
/** Maximum number of entries of a call trace in a page. */
const MAX_ENTRIES = 100;
/** Number of source lines before and after the line of the report. */
const CONTEXT = 4;
/** Maximum size of a source file in bytes. The longest of a kernel tree has some MiB. */
const MAX_SOURCE = 32 << 20;

/** Explains the report at a line: what happened, where, with which values. Undefined if there is no report. */
export async function analysis({ log }: LogText, knowledge: Knowledge, line: number): Promise<Analysis | undefined> {
  const report = log.reportAt(line);
  if (!report) return undefined;
  const facts = factsOf(log, report);
  const known = await knowledge.of(landmarksOf(log));
  const { context, site } = await contextOf(facts, known);
  const summary = summaryOf(log, report, context);
  const parts = [
    `# ${markdownText(summary.headline)}`,
    `> ${sentences(summary.explanation)}`,
    table([["Title", markdownText(summary.title)], ...summary.rows.map((row): Row => [row.label, rowText(row, site)])]),
    ...codeParts(facts, context),
    ...sourceParts(site?.places[0]),
    ...(await registerParts(facts, known)),
    ...(await traceParts(facts, log, known)),
    `*${await origin(known, knowledge)}*`,
  ];
  return { title: summary.headline, markdown: `${parts.filter((part) => part !== "").join("\n\n")}\n` };
}

/** Formats sentences with code between back-quotes; escapes the rest, because it may contain text of the log. */
const sentences = (text: string): string =>
  text
    .split("`")
    .map((part, i) => (i % 2 === 1 ? markdownCode(part) : markdownText(part)))
    .join("");

type Row = readonly [name: string, text: string | undefined];

const table = (rows: readonly Row[]): string =>
  ["| | |", "|-|-|", ...rows.map(([name, text]) => `| **${name}** | ${text} |`)].join("\n");

/** Formats a fact as Markdown: places as code, text of the log escaped. */
function rowText({ key, text }: SummaryRow, description: PlaceDescription | undefined): string {
  if (key === "address") return valueText(BigInt(text));
  if (key !== "where") return markdownText(text).replaceAll(" / ", "<br>");
  const [, place = "", module] = /^(\S+)(?: of module (\S+))?/.exec(text) ?? [];
  const named = `${markdownCode(place, true)}${module === undefined ? "" : ` of module ${markdownCode(module, true)}`}`;
  const source = / \(([^)]+)\)$/.exec(text)?.[1];
  return [
    named + (source === undefined ? "" : ` (${markdownText(source)})`),
    ...(description?.places ?? []).map(placeText),
  ].join("<br>");
}

const hex = (value: bigint): string => `\`${hex0x(value)}\``;

/**
 * Whether a value is small. In registers, small values are counts and flags. As the address of a fault they are members
 * of a structure at NULL.
 */
const isSmall = (value: bigint): boolean => value > 0n && value < 4096n;

const valueText = (value: bigint, description?: PlaceDescription | null): string =>
  [
    hex(value),
    wellKnown(value) ??
      (description?.symbol === undefined
        ? description?.what && markdownText(description.what)
        : markdownCode(description.symbol, true)),
  ]
    .filter((part) => part !== undefined && part !== "")
    .join(" ");

const registerText = (value: bigint, description?: PlaceDescription | null): string =>
  isSmall(value) ? hex(value) : valueText(value, description);

const placeText = ({ function: name, file, line, path }: SourcePlace, i = 0): string => {
  const text = `${markdownText(basename(file))}:${line}`;
  return `${i > 0 ? "inlined into " : ""}${markdownCode(name, true)} ${path === undefined ? `${markdownText(file)}:${line}` : `[${text}](${fileUri(path)}#L${line})`}`;
};

/** Number of instructions to show before and after the one of the report. */
const BEFORE = 8;
const AFTER = 4;

/** Returns the instructions around the one of the report, and the registers that it names. */
function codeParts(facts: ReportFacts, context: LogContext): string[] {
  const code = codeOf(facts, context);
  const at = code.findIndex(({ distance }) => distance === 0);
  if (at < 0) return [];
  const rows = code.slice(Math.max(0, at - BEFORE), at + AFTER + 1).map(({ distance, mnemonic, operands }) => {
    const place = distance === 0 ? "=>" : `${distance > 0 ? "+" : "-"}${Math.abs(distance).toString(16)}`;
    return `${place.padStart(4)}  ${mnemonic.padEnd(8)} ${operands}`.trimEnd();
  });
  const values = (instructionOf(facts, context)?.values ?? []).map(
    ({ name, value }) => `${name} = ${registerText(value)}`,
  );
  return [
    `## ${codeHeading(facts)}`,
    markdownBlock(rows, "asm"),
    ...(values.length > 0 ? [`In it ${values.join(", ")}.`] : []),
  ];
}

function sourceParts(place: SourcePlace | undefined): string[] {
  if (place?.path === undefined) return [];
  const lines = sourceLines(place.path);
  const start = Math.max(1, place.line - CONTEXT);
  const shown = lines.slice(start - 1, place.line + CONTEXT);
  if (place.line > lines.length) return [];
  const width = String(place.line + CONTEXT).length;
  const rows = shown.map(
    (text, i) => `${start + i === place.line ? ">" : " "}${String(start + i).padStart(width)}  ${text}`,
  );
  return [`## ${placeText(place)}`, markdownBlock(rows, "c")];
}

/** Reads the lines of a file; empty if it cannot be read, because the rest of the page is still valid. */
const sourceLines = (path: string): string[] =>
  attemptSystem(() => wholeFile(path, MAX_SOURCE))
    ?.toString("utf8")
    .split(/\r?\n/) ?? [];

async function registerParts({ site }: ReportFacts, known: Known): Promise<string[]> {
  const registers = site?.registers ?? [];
  if (registers.length === 0) return [];
  const words = registers.map((register) => ({ ...register, kind: "register" }) as const);
  const description = await known.describe(words.map((word) => ({ word, returns: false })));
  const rows = registers.map(({ name, value }, i) => `| ${name} | ${registerText(value, description[i])} |`);
  return ["## Registers", ["| | |", "|-|-|", ...rows].join("\n")];
}

async function traceParts({ traces }: ReportFacts, log: KernelLog, known: Known): Promise<string[]> {
  const parts: string[] = [];
  for (const trace of traces.slice(0, MAX_TRACES)) {
    const { entries } = trace;
    const shown = entries.slice(0, MAX_ENTRIES);
    const words = shown.map((entry) => entryAt(log, entry.at));
    const knownWords = words.filter((word) => word !== undefined);
    const description = await known.describe(knownWords);
    const rows = shown.map((entry, i) => {
      const name =
        entry.name === undefined ? hex(entry.address ?? 0n) : markdownCode(entryText({ ...entry, size: undefined }));
      const module = entry.module === undefined ? "" : ` *${markdownText(entry.module)}*`;
      const source = entry.file === undefined ? "" : ` ${markdownText(entry.file)}:${entry.line}`;
      const word = words[i];
      const answer = word && description[knownWords.indexOf(word)];
      const places = (answer?.places ?? []).map((place, depth) => `<br>${placeText(place, depth)}`).join("");
      return `1. ${entry.isDoubtful ? "? " : ""}${name}${module}${entry.isInline ? " inlined" : ""}${source}${places}`;
    });
    parts.push(`## ${traceHeading(trace)}`, rows.join("\n"));
  }
  return parts;
}

async function origin({ match, file }: Known, { session }: Knowledge): Promise<string> {
  if (file !== undefined) return `Lines are from ${markdownText(basename(file))}; no dump of this kernel is open.`;
  if (match === "none" || match === "other kernel")
    return "From the log alone: open its dump, or name the kernel's vmlinux in the setting vmcore.vmlinux, for lines of source.";
  const dump = basename((await session.about())?.vmcore[0] ?? "the open dump");
  if (match === "boot") return `Values and lines are from ${markdownText(dump)}.`;
  return `Lines are from ${markdownText(dump)}, which is of the same kernel, but of another boot.`;
}
