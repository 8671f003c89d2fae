/** How often each value of a column occurs. It does not use the DOM. */
import type { GridCell, GridColumn } from "../../protocol/grid.ts";
import { type GridRow, shownText } from "../rows.ts";

/** Maximum number of values that are listed; more are counted together. */
const MAX_LISTED = 50;

export interface ValueCount {
  /** The value as its column shows it; "" for empty cells. */
  readonly text: string;
  readonly cell: GridCell;
  readonly rows: number;
}

export interface ValueCounts {
  /** The most frequent values, most frequent first. */
  readonly listed: readonly ValueCount[];
  /** Number of values that are not listed, and of their rows. */
  readonly others: { readonly values: number; readonly rows: number };
  readonly rows: number;
}

/** Counts the values of a column in rows. Values that occur equally often are in the order of the rows. */
export function valueCounts(rows: readonly GridRow[], index: number, column: GridColumn): ValueCounts {
  const counts = new Map<string, { text: string; cell: GridCell; rows: number }>();
  for (const row of rows) {
    const cell = row[index] ?? null;
    const text = shownText(cell, column);
    // Sizes that differ can be shown alike.
    const key = typeof cell === "object" ? text : String(cell);
    const count = counts.get(key);
    if (count) count.rows++;
    else counts.set(key, { text, cell, rows: 1 });
  }
  const all = [...counts.values()].sort((a, b) => b.rows - a.rows);
  const rest = all.slice(MAX_LISTED);
  return {
    listed: all.slice(0, MAX_LISTED),
    others: { values: rest.length, rows: rest.reduce((sum, one) => sum + one.rows, 0) },
    rows: rows.length,
  };
}
