/** Padding of columns with blanks. */
import { isLine, type Line, spanText, type Span } from "../say/piece.ts";
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

/** Returns how many of the blanks of a cell are before its text. */
function blanksBefore(align: Align, space: number): number {
  if (align === "left") return 0;
  if (align === "right") return space;
  return align === "middle" ? (space + 1) >> 1 : space >> 1;
}

/** Aligns text in a column of `width` characters; longer text is unchanged. */
export function aligned(text: string, width: number, align: Align): string {
  const space = width - text.length;
  if (space <= 0) return text;
  const before = blanksBefore(align, space);
  return " ".repeat(before) + text + " ".repeat(space - before);
}

/** Returns the length of a span or a line in characters. */
export function lengthOf(content: Span | Line): number {
  if (typeof content === "string") return content.length;
  if (!isLine(content)) return content.text.length;
  let all = 0;
  for (const span of content) all += typeof span === "string" ? span.length : span.text.length;
  return all;
}

/** Returns the length of spans that `LineBuilder.addEvenly` adds. */
export function evenLength(spans: Line, width: number): number {
  let all = Math.max(0, spans.length - 1);
  for (const span of spans) all += Math.max(width, lengthOf(span));
  return all;
}

/** A line in the making. Adjacent texts become one span, because a row has many of them. */
export class LineBuilder {
  private readonly spans: Span[] = [];
  private text = "";

  add(content: Span | Line): void {
    if (typeof content === "string") this.text += content;
    else if (isLine(content)) for (const span of content) this.add(span);
    else {
      if (this.text !== "") this.spans.push(this.text);
      this.text = "";
      this.spans.push(content);
    }
  }

  /** Adds a cell in a column of `width` characters; a longer one is unchanged. @param length of the cell */
  addAligned(content: Span | Line, length: number, width: number, align: Align): void {
    const space = width - length;
    if (space <= 0) return this.add(content);
    const before = blanksBefore(align, space);
    this.text += " ".repeat(before);
    this.add(content);
    this.text += " ".repeat(space - before);
  }

  /** Adds spans, each aligned in its own width, with a blank between them. */
  addEvenly(spans: Line, width: number, align: Align): void {
    for (let i = 0; i < spans.length; i++) {
      if (i > 0) this.text += " ";
      const span = spans[i] ?? "";
      this.addAligned(span, lengthOf(span), width, align);
    }
  }

  end(): Line {
    if (this.text !== "") this.spans.push(this.text);
    return this.spans;
  }
}

/** Returns the length of the longest text in characters. */
export const longestLength = (texts: Iterable<string>): number => {
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
