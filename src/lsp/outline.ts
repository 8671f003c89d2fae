import {
  type DocumentSymbol,
  type FoldingRange,
  type Range,
  type SymbolInformation,
  SymbolKind,
} from "vscode-languageserver/node";
import type { KernelLog, Span } from "./kernelLog.ts";

/** Reports with the call traces in them. */
export const documentSymbols = ({ reports }: KernelLog): DocumentSymbol[] =>
  reports.map(({ title, kind, start, end, site, traces }) => ({
    name: title,
    detail: site ? `${site.name}${site.module === undefined ? "" : ` [${site.module}]`}` : "",
    kind: kind === "warning" ? SymbolKind.Interface : SymbolKind.Event,
    range: rangeOf({ start, end }),
    selectionRange: rangeOf({ start, end: start + 1 }),
    children: traces.map((trace) => ({
      name: "Call trace",
      detail: `${trace.end - trace.start - 1} lines`,
      kind: SymbolKind.Array,
      range: rangeOf(trace),
      selectionRange: rangeOf({ start: trace.start, end: trace.start + 1 }),
    })),
  }));

/** The same for a client that nests no symbols: what a call trace belongs to is its container. */
export const flatSymbols = (log: KernelLog, uri: string): SymbolInformation[] =>
  documentSymbols(log).flatMap(({ name, kind, range, children = [] }) => [
    { name, kind, location: { uri, range } },
    ...children.map((child) => ({
      name: child.name,
      kind: child.kind,
      containerName: name,
      location: { uri, range: child.range },
    })),
  ]);

export const foldingRanges = ({ reports }: KernelLog): FoldingRange[] =>
  reports
    .flatMap((report) => [report, ...report.traces])
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

/** Whole lines; an end past the last column is cut by the client. */
export const rangeOf = ({ start, end }: Span): Range => ({
  start: { line: start, character: 0 },
  end: { line: end - 1, character: 4096 },
});
