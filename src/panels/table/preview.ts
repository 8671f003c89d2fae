/** The preview below a table: the whole row that was clicked, and what its page knows of it besides. */
import { html, nothing, type TemplateResult } from "lit-html";
import type { GridColumn } from "../../protocol/grid.ts";
import { closeIcon } from "../icons.ts";
import { headingText } from "../outline.ts";
import { cellText, columnHeading, type GridRow, type TableRows } from "../rows.ts";
import { cellContent } from "./tableCells.ts";
import type { MoreOfRow } from "./tablePage.ts";

/** A text of at least this length has a line of its own. */
const LONG = 40;

export class RowPreview {
  private readonly draw: () => void;
  private readonly more: MoreOfRow | undefined;
  private shown:
    { readonly columns: readonly GridColumn[]; readonly cells: GridRow; readonly title: string } | undefined;
  private also: unknown = nothing;

  /** @param draw draws the page again @param more undefined for a page that knows no more than the cells */
  constructor(draw: () => void, more: MoreOfRow | undefined) {
    this.draw = draw;
    this.more = more;
  }

  get isOpen(): boolean {
    return this.shown !== undefined;
  }

  /** Shows a row. The heading of a group is shown with what it stands for. */
  show({ columns, rows, outline }: TableRows, row: number): void {
    const cells = rows[row];
    if (!cells || this.shown?.cells === cells) return;
    const { heading, detail } = outline?.[row] ?? {};
    const title = heading ? (detail ?? headingText(heading)) : "";
    this.shown = { columns, cells, title };
    this.also = nothing;
    this.draw();
    if (title === "") void this.readMore(row, cells);
  }

  private async readMore(row: number, cells: GridRow): Promise<void> {
    const also = await this.more?.(row);
    if (also === undefined || this.shown?.cells !== cells) return;
    this.also = also;
    this.draw();
  }

  /** Opens the preview with the space bar, and closes it with that or Escape. @returns whether the key did */
  byKey(key: string, table: TableRows, row: number): boolean {
    if (key !== " " && key !== "Escape") return false;
    if (this.isOpen) this.close();
    else if (key === " ") this.show(table, row);
    else return false;
    return true;
  }

  close(): void {
    this.shown = undefined;
    this.draw();
  }

  template(): TemplateResult | typeof nothing {
    if (!this.shown) return nothing;
    const { columns, cells, title } = this.shown;
    const filled = cells.flatMap((cell, i) =>
      cellText(cell) === "" || !columns[i] ? [] : [{ cell, column: columns[i] }],
    );
    return html`<div class="preview" role="region" aria-label="Preview of the Row" tabindex="0">
      <button class="toggle" title="Close Preview (Escape)" aria-label="Close Preview" @click=${() => this.close()}>
        ${closeIcon}
      </button>
      ${
        title === ""
          ? html`<dl>
              ${filled.map(
                ({ cell, column }) =>
                  html`<div class=${cellText(cell).length < LONG ? "" : "long"}>
                    <dt>${columnHeading(column)}</dt>
                    <dd>${cellContent(cell, column)}</dd>
                  </div>`,
              )}
            </dl>`
          : html`<pre>${title}</pre>`
      }
      ${this.also}
    </div>`;
  }
}
