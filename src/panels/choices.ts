/** The drop-down lists that limit a table to rows with some values. It does not use the DOM. */
import type { GridColumn } from "../protocol/grid.ts";
import { cellText, columnHeading, type GridRow } from "./rows.ts";

/** A drop-down list: the values of one column, or of a few columns that belong together. */
export interface Choice {
  /** The heading of the first column. It identifies the list. */
  readonly title: string;
  readonly options: readonly Option[];
  /** Number of values that are not in the list because others are more frequent. */
  readonly more: number;
}

interface Option {
  /** The value, as `chosenRows` expects it. */
  readonly value: string;
  /** Number of rows that have the value. */
  readonly count: number;
}

/** The chosen values by the titles of their lists; all rows for a list without one. */
export type Chosen = Readonly<Record<string, string>>;

/** Maximum length of a list, because people do not search longer ones. */
const MAX_OPTIONS = 200;
/** The option of rows that have no value. */
export const NONE = "none";

/**
 * Returns the lists for a table, each with its most frequent values in order. A list of which no column exists, or that
 * has only one value, is left out. @param wanted names of the columns of each list
 */
export function choicesOf(
  columns: readonly GridColumn[],
  rows: readonly GridRow[],
  wanted: readonly (readonly string[])[],
): Choice[] {
  return listsOf(columns, wanted).flatMap(({ title, value }) => {
    const counts = new Map<string, number>();
    for (const row of rows) counts.set(value(row), (counts.get(value(row)) ?? 0) + 1);
    if (counts.size < 2) return [];
    const frequent = [...counts].sort(([, a], [, b]) => b - a).slice(0, MAX_OPTIONS);
    const options = frequent.map(([one, count]): Option => ({ value: one, count })).sort(inOrder);
    return [{ title, options, more: counts.size - options.length }];
  });
}

/** Returns the rows that have all chosen values. */
export function chosenRows(
  columns: readonly GridColumn[],
  rows: readonly GridRow[],
  wanted: readonly (readonly string[])[],
  chosen: Chosen,
): readonly GridRow[] {
  const tests = listsOf(columns, wanted).filter(({ title }) => chosen[title] !== undefined);
  if (tests.length === 0) return rows;
  return rows.filter((row) => tests.every(({ title, value }) => value(row) === chosen[title]));
}

/** Returns the lists of which the table has at least one column, and the value of a row in each. */
function listsOf(
  columns: readonly GridColumn[],
  wanted: readonly (readonly string[])[],
): { readonly title: string; readonly value: (row: GridRow) => string }[] {
  return wanted.flatMap((names) => {
    const indices = names.map((name) => columns.findIndex((column) => column.name === name)).filter((at) => at >= 0);
    const first = columns[indices[0] ?? -1];
    if (!first) return [];
    const value = (row: GridRow): string =>
      indices
        .map((at) => cellText(row[at] ?? null))
        .filter((text) => text !== "")
        .join(" ") || NONE;
    return [{ title: columnHeading(first), value }];
  });
}

/** Compares two options: numbers by value and before text; the option of rows without a value comes last. */
function inOrder({ value: a }: Option, { value: b }: Option): number {
  if (a === NONE || b === NONE) return Number(a === NONE) - Number(b === NONE);
  const [x, y] = [Number(a), Number(b)];
  if (!Number.isNaN(x) && !Number.isNaN(y)) return x - y;
  if (Number.isNaN(x) !== Number.isNaN(y)) return Number(Number.isNaN(x)) - Number(Number.isNaN(y));
  return a.localeCompare(b, "en", { numeric: true });
}
