/** Writes a verdict as Markdown, for issues and mails. */
import { markdownCode, markdownProse, markdownWords } from "../base/markdown.ts";
import type { Unchecked, Verdict } from "./analyze.ts";
import { commandOf, evidenceText } from "./evidence.ts";
import { becauseText, type Finding, type Reference, referenceText, type Sentence } from "./finding.ts";
import { type Section, sectionsOf } from "./sections.ts";
import type { SourceExcerpt } from "./source.ts";
import { leadOf } from "./verdictSentence.ts";

/** Which part of a verdict is written, and what is added to it. */
export interface MarkdownOptions {
  /** Id of the only section to write; "unchecked" for what could not be checked. Default: the whole verdict. */
  readonly section?: string | undefined;
  /** The lines around the place of the crash. */
  readonly source?: SourceExcerpt | undefined;
}

/** Returns the verdict as Markdown, each sentence with its certainty, its evidence and the commands that print it. */
export function verdictMarkdown(verdict: Verdict, { section, source }: MarkdownOptions = {}): string {
  const all = sectionsOf(verdict);
  const shown = section === undefined ? all : all.filter(({ id }) => id === section);
  const head = section === undefined ? headLines(verdict) : [];
  const unchecked = section === undefined || section === "unchecked" ? uncheckedLines(verdict.unchecked) : [];
  const parts = shown.flatMap((one) => sectionLines(one, one.id === "where" ? source : undefined));
  return `${[...head, ...parts, ...unchecked].join("\n").trim()}\n`;
}

function headLines(verdict: Verdict): string[] {
  const lead = leadOf(verdict);
  return [
    `# ${markdownProse(verdict.title)}`,
    "",
    ...(lead ? [`**${marked(lead)}**`, ""] : []),
    `Key: ${markdownCode(verdict.key)}`,
    "",
  ];
}

function sectionLines({ title, findings }: Section, source: SourceExcerpt | undefined): string[] {
  return [`## ${markdownProse(title)}`, "", ...findings.flatMap(findingLines), ...sourceLines(source), ""];
}

function findingLines(finding: Finding): string[] {
  return [
    `- ${marked({ text: finding.text, certainty: finding.certainty })}`,
    ...finding.evidence.map((one) => `  - ${markdownProse(evidenceText(one))}: ${markdownCode(commandOf(one))}`),
    ...(finding.unknown ?? []).map(
      ({ what, because }) => `  - not known: ${markdownProse(what)}: ${markdownProse(becauseText(because))}`,
    ),
  ];
}

function uncheckedLines(unchecked: readonly Unchecked[]): string[] {
  if (unchecked.length === 0) return [];
  const lines = unchecked.map(({ check, because }) => `- ${markdownProse(check)}: ${markdownProse(because)}`);
  return ["## Not checked", "", ...lines, ""];
}

function sourceLines(source: SourceExcerpt | undefined): string[] {
  if (!source) return [];
  const { file, line, first, lines } = source;
  const numbered = lines.map((text, i) => {
    const number = first + i;
    return `    ${number === line ? ">" : " "} ${number}  ${text}`;
  });
  return ["", `${markdownCode(`${file}:${line}`)}:`, "", ...numbered];
}

/** Returns a sentence with its certainty in front, unless it is certain. */
const marked = ({ text, certainty }: Pick<Finding, "text" | "certainty">): string =>
  `${certainty === "certain" ? "" : `_${certainty}_: `}${sentenceMarkdown(text)}`;

/** Returns a sentence; its first character may begin a line. */
function sentenceMarkdown(sentence: Sentence): string {
  const parts = sentence.map((part) => (typeof part === "string" ? wordsMarkdown(part) : referenceMarkdown(part)));
  const [first] = sentence;
  // A mark such as "-" or "1." begins a list only at the start of a line.
  if (typeof first === "string" && !first.includes("`")) parts[0] = markdownProse(first);
  return parts.join("");
}

/** Text between grave accents is code already. */
const wordsMarkdown = (text: string): string =>
  text
    .split(/`([^`]*)`/)
    .map((part, i) => (i % 2 === 0 ? markdownWords(part) : markdownCode(part)))
    .join("");

function referenceMarkdown(reference: Reference): string {
  const text = referenceText(reference);
  return PROSE.has(reference.kind) ? markdownWords(text) : markdownCode(text);
}

/** References that are words of the sentence; the others are written as code. */
const PROSE: ReadonlySet<Reference["kind"]> = new Set(["task", "cpu", "log", "module", "lock", "page"]);
