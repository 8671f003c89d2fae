/** Computes which rows and cells of a long table are in the document, and where its cursor is. */
import type { TableRows } from "./rows.ts";

/**
 * The rows of a long list to draw: the visible rows and MARGIN rows above and below. Rows have equal height. The range
 * is computed without the DOM.
 */
export interface VisibleRange {
  /** The first row to draw. `end` is exclusive. */
  readonly first: number;
  readonly end: number;
}

/** Number of rows that are drawn above and below the visible ones, so that a quick scroll shows no gap. */
const MARGIN = 8;

/**
 * Returns the rows to draw. @param scrollTop first visible pixel of the table @param height height of the visible part
 * in pixels @param count number of all rows
 */
export function rowsToDraw(scrollTop: number, height: number, rowHeight: number, count: number): VisibleRange {
  const first = Math.max(0, Math.floor(scrollTop / rowHeight) - MARGIN);
  const end = Math.min(count, Math.ceil((scrollTop + height) / rowHeight) + MARGIN);
  return { first: Math.min(first, count), end: Math.max(end, 0) };
}

/** Returns the rows to draw in order: the visible ones, and others that must stay in the document. */
export function drawnRows({ first, end }: VisibleRange, kept: readonly number[]): number[] {
  const others = [...new Set(kept)].filter((row) => row < first || row >= end).sort((a, b) => a - b);
  const visibleRows = Array.from({ length: Math.max(0, end - first) }, (_, i) => first + i);
  return [...others.filter((row) => row < first), ...visibleRows, ...others.filter((row) => row >= end)];
}

/** Returns the scroll position that makes a row completely visible, changing it only if necessary. */
export function scrollFor(row: number, scrollTop: number, height: number, rowHeight: number): number {
  const top = row * rowHeight;
  if (top < scrollTop) return top;
  return top + rowHeight > scrollTop + height ? top + rowHeight - height : scrollTop;
}

/**
 * Returns by how many rows and columns a key moves the cursor; infinite for the first or last. Undefined for a key that
 * does not move it. @param page number of visible rows
 */
export function cursorStep(
  { key, ctrlKey }: { readonly key: string; readonly ctrlKey: boolean },
  page: number,
): { rows: number; columns: number } | undefined {
  const far = Number.POSITIVE_INFINITY;
  switch (key) {
    case "ArrowUp":
      return { rows: -1, columns: 0 };
    case "ArrowDown":
      return { rows: 1, columns: 0 };
    case "ArrowLeft":
      return { rows: 0, columns: -1 };
    case "ArrowRight":
      return { rows: 0, columns: 1 };
    case "PageUp":
      return { rows: -Math.max(1, page), columns: 0 };
    case "PageDown":
      return { rows: Math.max(1, page), columns: 0 };
    case "Home":
      return ctrlKey ? { rows: -far, columns: 0 } : { rows: 0, columns: -far };
    case "End":
      return ctrlKey ? { rows: far, columns: 0 } : { rows: 0, columns: far };
  }
  return undefined;
}

/** Row number of the heading, which is above the first row. */
export const HEADING = -1;

/** Returns the cell of a table that is nearest to a position. The row of a group has only one cell. */
export function nearestCell(
  { row, column }: { readonly row: number; readonly column: number },
  { rows, columns, outline }: TableRows,
): { row: number; column: number } {
  const at = clamp(row, HEADING, rows.length - 1);
  const isGroup = outline?.[at]?.heading !== undefined;
  return { row: at, column: isGroup ? 0 : clamp(column, 0, columns.length - 1) };
}

const clamp = (value: number, low: number, high: number): number => Math.max(low, Math.min(high, value));

/** Returns by how many rows a key moves the cursor; undefined for another key. @param page number of visible rows */
export const rowStep = (key: string, page: number): number | undefined =>
  ({ ArrowUp: -1, ArrowDown: 1, PageUp: -page, PageDown: page, Home: -Infinity, End: Infinity })[key];
