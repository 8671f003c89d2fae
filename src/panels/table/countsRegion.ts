/** The region below a table that shows how often each value of a column occurs. */
import { html, nothing, type TemplateResult } from "lit-html";
import type { GridCell, GridColumn } from "../../protocol/grid.ts";
import { closeIcon } from "../icons.ts";
import { columnHeading, type GridRow } from "../rows.ts";
import { counted } from "../view.ts";
import { type ValueCount, valueCounts } from "./valueCounts.ts";

interface Counted {
  readonly rows: readonly GridRow[];
  readonly index: number;
  readonly column: GridColumn;
}

/** @param filterBy limits the table to a value */
export function countsRegion(
  { rows, index, column }: Counted,
  { filterBy, close }: { readonly filterBy: (cell: GridCell) => void; readonly close: () => void },
): TemplateResult {
  const heading = columnHeading(column);
  const { listed, others, rows: all } = valueCounts(rows, index, column);
  const most = listed[0]?.rows ?? 1;
  return html`<div
    class="preview counts"
    role="region"
    aria-label=${`Values of ${heading}`}
    tabindex="0"
    @keydown=${(event: KeyboardEvent) => {
      if (event.key === "Escape") close();
    }}
  >
    <button class="toggle" title="Close (Escape)" aria-label="Close Values" @click=${close}>${closeIcon}</button>
    <div class="title">${heading}: ${counted(listed.length + others.values, "value")} in ${counted(all, "row")}</div>
    ${listed.map((one) => countRow(one, { most, all, filterBy }))}
    ${others.values === 0 ? nothing : html`<div>${counted(others.values, "other value")} in ${counted(others.rows, "row")}</div>`}
  </div>`;
}

function countRow(
  { text, cell, rows }: ValueCount,
  { most, all, filterBy }: { readonly most: number; readonly all: number; readonly filterBy: (cell: GridCell) => void },
): TemplateResult {
  // An empty cell and a quotation mark cannot be written in a filter.
  const canFilter = text !== "" && !text.includes('"') && (cell === null || typeof cell !== "object");
  const share = `${((100 * rows) / all).toFixed(1)} %`;
  return html`<div class="count-row">
    ${
      canFilter
        ? html`<button class="value" title="Filter by this value" @click=${() => filterBy(cell)}>${text}</button>`
        : html`<span class="value">${text === "" ? "(empty)" : text}</span>`
    }
    <span class="number">${rows}</span><span class="number">${share}</span>
    <span class="share" aria-hidden="true"><span .style=${`width: ${(100 * rows) / most}%`}></span></span>
  </div>`;
}
