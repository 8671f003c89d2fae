/** The cells of a table: their width, their content, and their text for the clipboard. */
import { html, nothing, type TemplateResult } from "lit-html";
import { demangleRustIn } from "../base/rust/demangle.ts";
import type { GridCell, GridColumn } from "../protocol/grid.ts";
import { chevron } from "./icons.ts";
import { link } from "./links.ts";
import type { OutlinePosition } from "./outline.ts";
import { cellText, columnHeading, shownText } from "./rows.ts";
import type { SelectedPiece } from "./selection.ts";
import { rawText } from "./units.ts";

/** Returns the cells of a row from the first selected one to the last. */
export function selectedCells(pieces: readonly SelectedPiece[]): string {
  const texts = pieces.map(({ text }) => text.trim());
  const [first, last] = [texts.findIndex((text) => text !== ""), texts.findLastIndex((text) => text !== "")];
  return texts.slice(Math.max(0, first), last + 1).join("\t");
}

/** Width in pixels of a cell without text: 16 of padding, 20 in the first cell, and the rest for rounding. */
const PADDING = 22;
/** Minimum width in characters of the column that fills the remaining width. */
const MIN_WIDE = 28;

/**
 * Returns the columns of a grid in CSS.
 *
 * @param widths in characters
 * @param wide the column that fills the remaining width
 */
export function columnTracks(widths: readonly number[], wide: number | undefined): { template: string; all: string } {
  const needed = widths.map((width, i) => (i === wide ? Math.min(width, MIN_WIDE) : width));
  const tracks = needed.map((width, i) => {
    const track = `calc(${width}ch + ${PADDING}px)`;
    return i === wide ? `minmax(${track}, 1fr)` : track;
  });
  const all = needed.reduce((sum, width) => sum + width, 0);
  return { template: tracks.join(" "), all: `calc(${all}ch + ${needed.length * PADDING}px)` };
}

export const twistie = ({ depth, open }: OutlinePosition): TemplateResult =>
  html`<span class="twistie" .style=${`margin-left: ${depth * 2}ch`} aria-hidden="true"
    >${open === undefined ? "" : chevron(open)}</span
  >`;

/** Returns the tooltip of a cell that may be cut off, or whose number is shortened. Links have hover cards instead. */
export function titleOf(cell: GridCell, { kind, unit }: Pick<GridColumn, "kind" | "unit">): string | typeof nothing {
  const raw = rawText(cell, unit);
  if (raw !== undefined) return raw;
  const text = cellText(cell);
  if (demangleRustIn(text) !== text) return text;
  return (kind === "text" || typeof cell === "object") && text.length > 16 ? text : nothing;
}

export function cellContent(cell: GridCell, column: GridColumn | undefined): TemplateResult | string {
  const { kind } = column ?? { kind: "text" };
  const text = demangleRustIn(shownText(cell, column ?? {}));
  const isLink = kind !== "text" && kind !== "number" && typeof cell === "string" && cell !== "0x0" && cell !== "";
  return isLink ? link(text, cell, kind === "task" ? "task" : "place") : text;
}

/** A heading of a column. */
export const headingCell = (
  column: GridColumn,
  {
    id,
    index,
    isTree,
    isAt,
    direction,
  }: { id: string; index: number; isTree: boolean; isAt: boolean; direction: string | undefined },
): TemplateResult =>
  html`<div
    id=${id}
    class=${`cell ${column.kind} ${isTree ? "tree" : ""} ${isAt ? "at" : ""}`}
    role="columnheader"
    aria-colindex=${index + 1}
    aria-sort=${direction ?? nothing}
    title=${column.name}
    data-column=${index}
  >
    ${columnHeading(column)}
  </div>`;

/** The only cell of a row that is the heading of a group. */
export const groupCell = (
  text: string,
  place: OutlinePosition,
  { id, isAt, columns }: { id: string; isAt: boolean; columns: number },
): TemplateResult =>
  // prettier-ignore
  html`<div
      id=${id}
      class=${`cell tree group ${isAt ? "at" : ""}`}
      role="gridcell"
      aria-colindex="1"
      aria-colspan=${columns}
      data-column="0"
      title=${place.detail ?? text}
    >${twistie(place)}${text}</div>`;
