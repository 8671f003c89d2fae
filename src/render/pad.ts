/** Padding of columns. No other file counts blanks. */
import { type Line, spanText, type Span } from "../say/piece.ts";
import type { Align } from "../say/table.ts";

/** Returns the blanks that fill a span to `width`; none for a longer span, such as a fault. */
const blanks = (span: Span, width: number): string => " ".repeat(Math.max(0, width - spanText(span).length));

/** Aligns a span left in a column. */
export const left = (span: Span, width: number): Span[] => [span, blanks(span, width)];

/** Aligns a span right in a column. */
export const right = (span: Span, width: number): Span[] => [blanks(span, width), span];

/** Centers a span in a column, with an odd blank before it. */
export function middle(span: Span, width: number): Span[] {
  const space = blanks(span, width);
  const before = space.slice(0, (space.length + 1) >> 1);
  return [before, span, space.slice(before.length)];
}

/** Centers a span with an odd blank after it. */
export function center(span: Span, width: number): Span[] {
  const space = blanks(span, width);
  const before = space.slice(0, space.length >> 1);
  return [before, span, space.slice(before.length)];
}

const shareBefore: Readonly<Record<Align, (space: number) => number>> = {
  left: () => 0,
  right: (space) => space,
  middle: (space) => (space + 1) >> 1,
  center: (space) => space >> 1,
};

/** Aligns the spans of one cell in a column of `width` characters; longer cells are unchanged. */
export function aligned(spans: Line, width: number, align: Align): Line {
  const space = Math.max(0, width - lengthOf(spans));
  if (space === 0) return spans;
  const before = shareBefore[align](space);
  return [" ".repeat(before), ...spans, " ".repeat(space - before)];
}

/** Aligns each span in its own width, with a blank between them. */
export function evenly(spans: Line, width: number, align: Align): Line {
  const line: Span[] = [];
  for (const span of spans) {
    if (line.length > 0) line.push(" ");
    if (spanText(span).length >= width) line.push(span);
    else line.push(...aligned([span], width, align));
  }
  return line;
}

/** Returns the length of a line in characters. */
export function lengthOf(line: Line): number {
  let all = 0;
  for (const span of line) all += spanText(span).length;
  return all;
}

/** Returns the length of the longest text in characters. */
export const longest = (texts: Iterable<string>): number => {
  let most = 0;
  for (const { length } of texts) if (length > most) most = length;
  return most;
};

/** Aligns text in a column of `width` characters. */
export const column = (text: string, width: number, align: "left" | "right" = "left"): string =>
  align === "left" ? text.padEnd(width) : text.padStart(width);

/** `label  text`: right-aligned labels, followed by texts. */
export const labelled = (label: string, text: string, width: number): string =>
  `${column(label, width, "right")}  ${text}`;

/** Returns the indentation of nested lines. */
export const indent = (blanks: number): string => " ".repeat(blanks);

/** Arranges texts in `count` columns, filled from top to bottom. */
export function downColumns(texts: readonly string[], count: number, width: number): string[] {
  const rows = Math.ceil(texts.length / count);
  return Array.from({ length: rows }, (_, row) =>
    texts
      .filter((_, i) => i % rows === row)
      .map((text) => column(text, width))
      .join(""),
  );
}
