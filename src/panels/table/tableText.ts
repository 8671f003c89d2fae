/** The rows of a table as text for the clipboard. */
import { headingText } from "../outline.ts";
import type { GridCell } from "../../protocol/grid.ts";
import { cellText, shownText, type TableRows, tabSeparated } from "../rows.ts";
import { selectedText } from "../selection.ts";
import { selectedCells } from "./tableCells.ts";

/** Returns a row with tabs between its cells; undefined if there is none. */
export function rowText(
  { outline, rows }: TableRows,
  index: number,
  text: (cell: GridCell, column: number) => string = cellText,
): string | undefined {
  const heading = outline?.[index]?.heading;
  return heading ? headingText(heading) : rows[index]?.map(text).join("\t");
}

/** Returns the text that is selected with the mouse, with tabs between columns; undefined if none is. */
export function selectedTableText(body: Element | null, table: TableRows): string | undefined {
  if (!body) return undefined;
  const shown = (cell: GridCell, column: number): string => shownText(cell, table.columns[column] ?? {});
  const row = (index: number): string | undefined => rowText(table, index, shown);
  return selectedText({ body, count: table.rows.length, row, part: selectedCells });
}

/** Returns what the copy key copies: the selected text, the row of the cursor, or the whole table from its heading. */
export const copiedText = (body: Element | null, table: TableRows, row: number): string =>
  selectedTableText(body, table) ?? rowText(table, row) ?? tabSeparated(table.columns, table.rows);
