import { type DocumentSymbol, type FoldingRange, type Range, SymbolKind } from "vscode-languageserver/node";
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

export const foldingRanges = ({ reports }: KernelLog): FoldingRange[] =>
  reports
    .flatMap((report) => [report, ...report.traces])
    .filter(({ start, end }) => end > start + 1)
    .map(({ start, end }) => ({ startLine: start, endLine: end - 1 }));

/** Whole lines; an end past the last column is cut by the client. */
export const rangeOf = ({ start, end }: Span): Range => ({
  start: { line: start, character: 0 },
  end: { line: end - 1, character: 4096 },
});
