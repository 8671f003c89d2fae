/** The tables of a command that prints several. */
import { html, type TemplateResult } from "lit-html";
import type { GridTable } from "../protocol/grid.ts";
import { cellText, columnHeading } from "./rows.ts";

/** Returns the list in which the user chooses one of several tables. */
export const tablePicker = (
  tables: readonly GridTable[],
  chosen: number,
  choose: (index: number) => void,
): TemplateResult =>
  html`<select aria-label="Table" @change=${({ target }: Event) => choose((target as HTMLSelectElement).selectedIndex)}>
    ${tables.map(({ columns, rows }, i) => {
      const title = `${columns.slice(0, 3).map(columnHeading).join(", ")} (${rows.length})`;
      return html`<option ?selected=${i === chosen}>${title}</option>`;
    })}
  </select>`;

/** Whether the rows are shown as a table; a single value is shown in the toolbar. */
export const isTable = ({ columns, rows }: GridTable): boolean => columns.length > 1 || rows.length > 1;

/** Returns a single value with its heading. */
export const factText = ({ columns: [column], rows: [row] }: GridTable): string =>
  column ? `${columnHeading(column)} ${cellText(row?.[0] ?? null)}` : "";
