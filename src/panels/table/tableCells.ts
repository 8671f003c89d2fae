/** The cells of a table: their width, their content, and their text for the clipboard. */
import { html, nothing, type TemplateResult } from "lit-html";
import { demangleRustIn } from "../../base/rust/demangle.ts";
import type { GridCell, GridColumn } from "../../protocol/grid.ts";
import { chevron } from "../icons.ts";
import { link } from "../links.ts";
import { type GroupHeading, headingText, type OutlinePosition } from "../outline.ts";
import { cellText, columnHeading, shownText } from "../rows.ts";
import type { SelectedPiece } from "../selection.ts";
import { rawText } from "../units.ts";

/** Returns the cells of a row from the first selected one to the last. */
export function selectedCells(pieces: readonly SelectedPiece[]): string {
  const texts = pieces.map(({ text }) => text.trim());
  const [first, last] = [texts.findIndex((text) => text !== ""), texts.findLastIndex((text) => text !== "")];
  return texts.slice(Math.max(0, first), last + 1).join("\t");
}

const twistie = ({ depth, open }: OutlinePosition): TemplateResult =>
  html`<span class="twistie" .style=${`margin-left: ${depth * 2}ch`} aria-hidden="true"
    >${open === undefined ? "" : chevron(open)}</span
  >`;

/** Returns the tooltip of a cell that may be cut off, or whose number is shortened. Links have hover cards instead. */
function titleOf(cell: GridCell, { kind, unit }: Pick<GridColumn, "kind" | "unit">): string | typeof nothing {
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

/** A cell of a row. @param content undefined for the usual content */
export function dataCell(
  cell: GridCell,
  column: GridColumn | undefined,
  {
    id,
    index,
    isAt,
    place,
    content,
  }: { id: string; index: number; isAt: boolean; place: OutlinePosition | undefined; content: unknown },
): TemplateResult {
  const kind = column?.kind ?? "text";
  const isFault = typeof cell === "object" && cell !== null;
  // prettier-ignore
  return html`<div
      id=${id}
      class=${`cell ${kind} ${isFault ? "bad" : ""} ${place ? "tree" : ""} ${isAt ? "at" : ""}`}
      role="gridcell"
      aria-colindex=${index + 1}
      data-column=${index}
      title=${titleOf(cell, column ?? { kind })}
    >${place ? twistie(place) : nothing}${content ?? cellContent(cell, column)}</div>`;
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
