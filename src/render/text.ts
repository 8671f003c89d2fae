/** Writes pieces as text. */
import { printable } from "../base/printable.ts";
import { lineText, type Line, type Piece } from "../say/piece.ts";
import { plain, type Style } from "./style.ts";

/** Returns the text of a piece for people, each line with a newline, but not the last one of an open piece; "" for progress. */
export function pieceText(piece: Piece, style: Style = plain): string {
  if (piece.kind === "progress") return "";
  if (piece.kind === "text" && piece.formatted !== undefined) return piece.formatted;
  let all = "";
  for (const line of piece.lines) all += `${styled(line, style)}\n`;
  return piece.kind === "record" && piece.isOpen ? all.slice(0, -1) : all;
}

const styled = (line: Line, style: Style): string => (style === plain ? printable(lineText(line)) : mark(line, style));

const mark = (line: Line, style: Style): string =>
  line
    .map((span) => (typeof span === "string" ? printable(span) : style.mark({ ...span, text: printable(span.text) })))
    .join("");
