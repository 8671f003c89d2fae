/** Returns the symbols and folds of logs and transcripts. */
import {
  type DocumentSymbol,
  type FoldingRange,
  type Range,
  type SymbolInformation,
  SymbolKind,
} from "vscode-languageserver/node";
import { factsOf } from "../log/facts.ts";
import type { KernelLog } from "../log/kernelLog.ts";
import { whereText } from "../log/summary.ts";
import type { Trace } from "../log/traces.ts";

/** A range of lines; `end` is exclusive. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Headings of call traces by their role. */
const ROLES: Readonly<Record<Trace["role"], string>> = {
  stack: "Call trace",
  cpu: "Further call trace",
  allocation: "Allocated by",
  free: "Freed by",
  work: "Handed to a worker by",
  origin: "Created by",
  store: "Stored by",
  "page-allocation": "Page allocated by",
  "page-free": "Page freed by",
  chain: "Seen by lockdep",
  race: "Side of the race",
  leak: "Allocated by",
};

/** Returns the heading of a call trace. */
export const traceHeading = ({ role, cpu }: Trace): string =>
  cpu === undefined ? ROLES[role] : `Call trace of CPU ${cpu}`;

/** Returns the reports as symbols, with their call traces as children. */
export const documentSymbols = (log: KernelLog): DocumentSymbol[] =>
  log.reports.map((report) => {
    const { headline, severity, guilty, traces } = factsOf(log, report);
    const module = guilty?.place.module === undefined ? "" : ` [${guilty.place.module}]`;
    return {
      name: headline,
      detail: guilty ? `${whereText(guilty).replace(/\+0x.*/, "")}${module}` : "",
      kind: severity === "warning" || severity === "notice" ? SymbolKind.Interface : SymbolKind.Event,
      range: rangeOf(report),
      selectionRange: rangeOf({ start: report.start, end: report.start + 1 }),
      children: tracesWithin(report, traces).map((trace) => ({
        name: traceHeading(trace),
        detail: `${trace.entries.length} ${trace.entries.length === 1 ? "entry" : "entries"}`,
        kind: SymbolKind.Array,
        range: rangeOf(trace),
        selectionRange: rangeOf({ start: trace.start, end: trace.start + 1 }),
      })),
    };
  });

/** Returns the traces inside a report. Traces of several CPUs can be mixed so that they do not nest. */
const tracesWithin = ({ start, end }: Span, traces: readonly Trace[]): Trace[] =>
  traces.filter((trace) => trace.start >= start && trace.end <= end);

/**
 * Converts symbols for a client that does not support children: the report becomes the container of its call traces.
 */
export const flatSymbols = (symbols: readonly DocumentSymbol[], uri: string): SymbolInformation[] =>
  symbols.flatMap(({ name, kind, range, children = [] }) => [
    { name, kind, location: { uri, range } },
    ...children.map((child) => ({
      name: child.name,
      kind: child.kind,
      containerName: name,
      location: { uri, range: child.range },
    })),
  ]);

export const foldingRanges = (log: KernelLog): FoldingRange[] =>
  log.reports
    .flatMap((report): Span[] => [report, ...tracesWithin(report, factsOf(log, report).traces)])
    .filter(({ start, end }) => end > start + 1)
    .map(({ start, end }) => ({ startLine: start, endLine: end - 1 }));

/** Returns the folds of a transcript's frames with the words below them, as `bt -f` and the raw stack print them. */
export function frameFolds(lines: readonly string[]): FoldingRange[] {
  const folds: FoldingRange[] = [];
  let start: number | undefined;
  for (const [line, text] of [...lines, ""].entries()) {
    const isWord = start !== undefined && /^ {2,}\[?[0-9a-f]{8,16}/.test(text);
    if (isWord) continue;
    if (start !== undefined && line > start + 1) folds.push({ startLine: start, endLine: line - 1 });
    start = /^ *#\d+ /.test(text) ? line : undefined;
  }
  return folds;
}

/** Matches the prompts of crash, of gdb in crash, and of our console. */
const PROMPT = /^(?:crash(?:-\d[\w.]{0,16})?|vmcore-debug|vmcore)> ?(\S.{0,200})/;

/** Returns the commands of a transcript with the lines of their output. */
function commandsIn(lines: readonly string[]): (Span & { readonly command: string })[] {
  const commands: { command: string; start: number; end: number }[] = [];
  lines.forEach((line, at) => {
    const command = PROMPT.exec(line)?.[1];
    const last = commands.at(-1);
    if (command !== undefined) commands.push({ command, start: at, end: at + 1 });
    else if (last && line.trim() !== "") last.end = at + 1;
  });
  return commands;
}

export const commandFolds = (lines: readonly string[]): FoldingRange[] =>
  commandsIn(lines)
    .filter(({ start, end }) => end > start + 1)
    .map(({ start, end }) => ({ startLine: start, endLine: end - 1 }));

export const commandSymbols = (lines: readonly string[]): DocumentSymbol[] =>
  commandsIn(lines).map(({ command, ...span }) => ({
    name: command,
    detail: "",
    kind: SymbolKind.Function,
    range: rangeOf(span),
    selectionRange: rangeOf({ start: span.start, end: span.start + 1 }),
  }));

/** Returns a range of whole lines; the client cuts an end after the last column. */
export const rangeOf = ({ start, end }: Span): Range => ({
  start: { line: start, character: 0 },
  end: { line: end - 1, character: 4096 },
});
