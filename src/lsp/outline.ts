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

/** Lines; `end` is exclusive. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Names of traces by what they are of. */
export const ROLES: Readonly<Record<Trace["role"], string>> = {
  stack: "Call trace",
  cpu: "Call trace of another CPU",
  allocation: "Allocated by",
  free: "Freed by",
  work: "Handed to a worker by",
  origin: "Made by",
  store: "Stored by",
  "page-allocation": "Page allocated by",
  "page-free": "Page freed by",
  chain: "Seen by lockdep",
  race: "Side of the race",
  leak: "Allocated by",
};

/** Reports with the call traces in them. */
export const documentSymbols = (log: KernelLog): DocumentSymbol[] =>
  log.reports.map((report) => {
    const { headline, severity, where, traces } = factsOf(log, report);
    const module = where?.place.module === undefined ? "" : ` [${where.place.module}]`;
    return {
      name: headline,
      detail: where ? `${whereText(where).replace(/\+0x.*/, "")}${module}` : "",
      kind: severity === "warning" || severity === "notice" ? SymbolKind.Interface : SymbolKind.Event,
      range: rangeOf(report),
      selectionRange: rangeOf({ start: report.start, end: report.start + 1 }),
      children: tracesWithin(report, traces).map((trace) => ({
        name: ROLES[trace.role],
        detail: `${trace.entries.length} ${trace.entries.length === 1 ? "entry" : "entries"}`,
        kind: SymbolKind.Array,
        range: rangeOf(trace),
        selectionRange: rangeOf({ start: trace.start, end: trace.start + 1 }),
      })),
    };
  });

/** Traces that nest: those of several callers can be torn into each other. */
const tracesWithin = ({ start, end }: Span, traces: readonly Trace[]): Trace[] =>
  traces.filter((trace) => trace.start >= start && trace.end <= end);

/** The same for a client that nests no symbols: what a call trace belongs to is its container. */
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

/** Frames of a transcript with their words below them, as `bt -f` and the raw stack show them. */
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

/** The prompt of crash, of gdb within it, of our own console. */
const PROMPT = /^(?:crash(?:-\d[\w.]{0,16})?|vmcore-debug|vmcore)> ?(\S.{0,200})/;

/** Commands of a transcript, with what they printed. */
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

/** Whole lines; an end past the last column is cut by the client. */
export const rangeOf = ({ start, end }: Span): Range => ({
  start: { line: start, character: 0 },
  end: { line: end - 1, character: 4096 },
});
