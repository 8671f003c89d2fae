/** The interface of the built-in filters, and the conversion between pieces and lines. */
import type { Command, Parsed } from "./command.ts";
import { lineText, progress, record, type Line, type Piece, type Pieces } from "../../say/piece.ts";

/** The items in a pipe: lines, and the pieces that filters pass through unchanged (faults, usage, progress). */
export type Flow = Iterable<Line | Piece>;
export type Filtered = Generator<Line | Piece, void, void>;

/** A built-in filter. It replaces the shell program of the same name, so that it works the same in every front end. */
export interface Filter extends Pick<Command, "name" | "summary" | "usage" | "options"> {
  /** Parses the arguments and returns the filter. @throws UsageError */
  start(args: Parsed): (flow: Flow) => Filtered;
}

export const filter = (declaration: Filter): Filter => declaration;

export const isLine = (item: Line | Piece): item is Line => Array.isArray(item);

/** Number of lines between two pauses, because a filter may hold back all lines. */
const PAUSE_LINES = 64;

/** Converts a command's pieces to lines. Each line keeps its links and colours. */
export function* flowOf(pieces: Iterable<Piece>): Filtered {
  let count = 0;
  for (const piece of pieces) {
    if (piece.kind !== "record" && piece.kind !== "text") {
      yield piece;
      continue;
    }
    for (const line of piece.lines) {
      yield line;
      if (++count % PAUSE_LINES === 0) yield progress("lines", count, 0);
    }
    // Reports an incomplete record as a fault, because a filter may remove the lines that show it.
    if (piece.kind === "record" && piece.unread) yield { kind: "fault", fault: piece.unread, lines: [] };
  }
}

/** Converts the filtered lines back to pieces. The JSON of each is the text of the line. */
export function* piecesOf(flow: Flow): Pieces {
  for (const item of flow) yield isLine(item) ? record(lineText(item), item) : item;
}

/** Collects all lines and passes other pieces on. For filters that need all lines before they yield the first. */
export function* collect(flow: Flow): Generator<Piece, Line[], void> {
  const lines: Line[] = [];
  for (const item of flow) {
    if (isLine(item)) lines.push(item);
    else yield item;
  }
  return lines;
}
