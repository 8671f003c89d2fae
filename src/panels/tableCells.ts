/** The cells of a table: their width, their content, and their text for the clipboard. */
import { html, nothing, type TemplateResult } from "lit-html";
import { demangleRustIn } from "../base/rust/demangle.ts";
import type { GridCell, GridColumn } from "../protocol/grid.ts";
import { chevron } from "./icons.ts";
import { link } from "./links.ts";
import { type GroupHeading, headingText, type OutlinePosition } from "./outline.ts";
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
/** Width in characters to which a long text is cut before the table becomes wider than the page. */
const MIN_TEXT = 24;
/** The same where texts are wrapped. */
const MIN_WRAPPED = 12;

/**
 * Returns the columns of a grid in CSS.
 *
 * @param widths in characters
 */
export function columnTracks(
  widths: readonly number[],
  {
    columns,
    wide,
    isWhole,
    wraps,
  }: {
    readonly columns: readonly GridColumn[];
    /** The column that fills the remaining width. */
    readonly wide: number | undefined;
    /** Whether that column is never cut. */
    readonly isWhole: boolean;
    /** Whether texts are wrapped. */
    readonly wraps: boolean;
  },
): { template: string; all: string } {
  const isText = (i: number): boolean => columns[i]?.kind === "text" || columns[i]?.kind === "symbol";
  const least = widths.map((width, i) =>
    i === wide
      ? isWhole
        ? width
        : Math.min(width, MIN_WIDE)
      : isText(i)
        ? Math.min(width, wraps ? MIN_WRAPPED : MIN_TEXT)
        : width,
  );
  const track = (width: number): string => `calc(${width}ch + ${PADDING}px)`;
  const tracks = least.map((width, i) => {
    const most = widths[i] ?? width;
    if (i === wide) return `minmax(${track(width)}, 1fr)`;
    return width < most ? `minmax(${track(width)}, ${track(most)})` : track(width);
  });
  const all = least.reduce((sum, width) => sum + width, 0);
  return { template: tracks.join(" "), all: `calc(${all}ch + ${least.length * PADDING}px)` };
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
  heading: GroupHeading,
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
      title=${place.detail ?? headingText(heading)}
    >${twistie(place)}<span class="members">${heading.members}</span><strong>${heading.name}</strong>${heading.more}</div>`;
