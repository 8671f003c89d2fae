/** The beginning of an example's answer, for its manual page. */
import { lineText, type Piece } from "../../../../say/piece.ts";
import samples from "./samples.json" with { type: "json" };

/** Maximum number of lines, and maximum length of a line in characters. */
const MAX_LINES = 6;
const MAX_WIDTH = 92;

/** Returns the first lines of an answer, with `...` where more was left out. */
export function sampleOf(pieces: Iterable<Piece>): readonly string[] {
  const lines: string[] = [];
  for (const piece of pieces) {
    if (piece.kind === "progress") continue;
    for (const line of piece.lines) {
      if (lines.length === MAX_LINES) return [...lines, "..."];
      const text = lineText(line).trimEnd();
      lines.push(text.length > MAX_WIDTH ? `${text.slice(0, MAX_WIDTH)}...` : text);
    }
  }
  return lines;
}

const known: Readonly<Record<string, readonly string[] | undefined>> = samples;

/**
 * Returns the lines that `npm run samples` recorded for an example on the sample dump; none for one of another command.
 */
export const recordedSample = (line: string): readonly string[] => known[line] ?? [];
