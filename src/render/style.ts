/** Styles of spans for terminals. */
import type { Span } from "../say/piece.ts";

/** How one kind of screen marks spans. */
export interface Style {
  mark(span: Exclude<Span, string>): string;
}

/** No marks: for files, pipes and tests. */
export const plain: Style = { mark: (span) => span.text };

const ESC = "\u001b";
const sgr = (code: number, text: string): string => `${ESC}[${code}m${text}${ESC}[0m`;

const BOLD = 1;
const DIM = 2;
const RED = 31;
const GREEN = 32;
const YELLOW = 33;
const BLUE = 34;
const CYAN = 36;

/**
 * ANSI colors, and source lines as hyperlinks (OSC 8). @param link returns the URL of a source line, or undefined for
 * none
 */
export const ansi = (link: (file: string, line: number) => string | undefined = () => undefined): Style => ({
  mark(span) {
    switch (span.as) {
      case "address":
        return sgr(CYAN, span.text);
      case "symbol":
        return sgr(YELLOW, span.text);
      case "source": {
        const url = link(span.file, span.line);
        const shown = sgr(GREEN, span.text);
        return url === undefined ? shown : `${ESC}]8;;${url}${ESC}\\${shown}${ESC}]8;;${ESC}\\`;
      }
      case "task":
        return sgr(BLUE, span.text);
      case "fault":
      case "bad":
        return sgr(RED, span.text);
      case "title":
        return sgr(BOLD, span.text);
      case "dim":
        return sgr(DIM, span.text);
    }
  },
});
