/** Writes a verdict as Markdown, for issues and mails. */
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
    `# ${escaped(verdict.title)}`,
    "",
    ...(lead ? [`**${marked(lead)}**`, ""] : []),
    `Key: ${codeSpan(verdict.key)}`,
    "",
  ];
}

function sectionLines({ title, findings }: Section, source: SourceExcerpt | undefined): string[] {
  return [`## ${escaped(title)}`, "", ...findings.flatMap(findingLines), ...sourceLines(source), ""];
}

function findingLines(finding: Finding): string[] {
  return [
    `- ${marked({ text: finding.text, certainty: finding.certainty })}`,
    ...finding.evidence.map((one) => `  - ${escaped(evidenceText(one))}: ${codeSpan(commandOf(one))}`),
    ...(finding.unknown ?? []).map(
      ({ what, because }) => `  - not known: ${escaped(what)}: ${escaped(becauseText(because))}`,
    ),
  ];
}

function uncheckedLines(unchecked: readonly Unchecked[]): string[] {
  if (unchecked.length === 0) return [];
  const lines = unchecked.map(({ check, because }) => `- ${escaped(check)}: ${escaped(because)}`);
  return ["## Not checked", "", ...lines, ""];
}

function sourceLines(source: SourceExcerpt | undefined): string[] {
  if (!source) return [];
  const { file, line, first, lines } = source;
  const numbered = lines.map((text, i) => {
    const number = first + i;
    return `    ${number === line ? ">" : " "} ${number}  ${text}`;
  });
  return ["", `${codeSpan(`${file}:${line}`)}:`, "", ...numbered];
}

/** Returns a sentence with its certainty in front, unless it is certain. */
const marked = ({ text, certainty }: Pick<Finding, "text" | "certainty">): string =>
  `${certainty === "certain" ? "" : `_${certainty}_: `}${sentenceMarkdown(text)}`;

const sentenceMarkdown = (sentence: Sentence): string =>
  sentence.map((part) => (typeof part === "string" ? proseMarkdown(part) : referenceMarkdown(part))).join("");

/** Text between grave accents is code already. */
const proseMarkdown = (text: string): string =>
  text
    .split(/`([^`]*)`/)
    .map((part, i) => (i % 2 === 0 ? escaped(part) : codeSpan(part)))
    .join("");

function referenceMarkdown(reference: Reference): string {
  const text = referenceText(reference);
  return PROSE.has(reference.kind) ? escaped(text) : codeSpan(text);
}

/** References that are words of the sentence; the others are written as code. */
const PROSE: ReadonlySet<Reference["kind"]> = new Set(["task", "cpu", "log", "module", "lock", "page"]);

const SPECIAL = /[\\`*_{}[\]<>#|~&!]/g;

/** Escapes text for Markdown, because names in a dump may be anything. */
const escaped = (text: string): string => text.replace(/\s+/g, " ").replace(SPECIAL, "\\$&");

/** Returns text as a code span. Its fence is longer than any run of grave accents in the text. */
function codeSpan(text: string): string {
  const line = text.replace(/\s+/g, " ");
  const longest = Math.max(0, ...[...line.matchAll(/`+/g)].map(([run]) => run.length));
  if (longest === 0) return `\`${line}\``;
  const fence = "`".repeat(longest + 1);
  return `${fence} ${line} ${fence}`;
}
