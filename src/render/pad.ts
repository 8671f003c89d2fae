import { spanText, type Span } from "../say/piece.ts";

/** Blanks that bring a span to `width`; none for a longer one, a fault above all. */
const blanks = (span: Span, width: number): string => " ".repeat(Math.max(0, width - spanText(span).length));

/** A span at the left of a column. */
export const left = (span: Span, width: number): Span[] => [span, blanks(span, width)];

/** A span at the right of a column. */
export const right = (span: Span, width: number): Span[] => [blanks(span, width), span];

/** A span in the middle of a column, an odd blank before it. */
export function middle(span: Span, width: number): Span[] {
  const space = blanks(span, width);
  const before = space.slice(0, (space.length + 1) >> 1);
  return [before, span, space.slice(before.length)];
}

/** The same with an odd blank after it. */
export function center(span: Span, width: number): Span[] {
  const space = blanks(span, width);
  const before = space.slice(0, space.length >> 1);
  return [before, span, space.slice(before.length)];
}
