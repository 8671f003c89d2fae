import type { Command, Parsed } from "./command.ts";
import { lineText, progress, record, type Line, type Piece, type Pieces } from "../../say/piece.ts";

/** What runs through a pipe: lines, and the pieces that no filter may swallow (faults, usage, progress). */
export type Flow = Iterable<Line | Piece>;
export type Filtered = Generator<Line | Piece, void, void>;

/** A program that other tools would start in a shell, built in: it works the same in every face. */
export interface Filter extends Pick<Command, "name" | "summary" | "usage" | "options"> {
  /** @throws UsageError */
  start(args: Parsed): (flow: Flow) => Filtered;
}

export const filter = (declaration: Filter): Filter => declaration;

export const isLine = (item: Line | Piece): item is Line => Array.isArray(item);

/** A filter may keep all lines to itself: so many of them are between two places where it pauses. */
const PAUSE_LINES = 64;

/** What a command says as lines; a line keeps its links and colours. */
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
    // What its lines lack is part of them; that there is something, no filter can take away.
    if (piece.kind === "record" && piece.unread) yield { kind: "fault", fault: piece.unread, lines: [] };
  }
}

/** The lines that are left as pieces: as data, each is its text. */
export function* piecesOf(flow: Flow): Pieces {
  for (const item of flow) yield isLine(item) ? record(lineText(item), item) : item;
}

/** Waits for every line, handing on what is no line; for filters that must know all before they speak. */
export function* collect(flow: Flow): Generator<Piece, Line[], void> {
  const lines: Line[] = [];
  for (const item of flow) {
    if (isLine(item)) lines.push(item);
    else yield item;
  }
  return lines;
}
