/** Tables prepared for a machine: what is the same for all rows is worked out once per table. */
import type { Align, Table } from "../say/table.ts";
import { alignOf, type CellColumn, cellColumns, digits, isAddress, type Machine } from "./cells.ts";

/** A column whose defaults are filled in. */
export interface PreparedColumn<Row> extends CellColumn<Row> {
  /** Separator from the column before it in its line. */
  readonly gap: string;
  readonly align: Align;
  /** Width in characters; 0 for each cell's own. */
  readonly width: number;
  readonly cellWidth: number | undefined;
  readonly takesSlack: boolean;
}

export interface PreparedTable<Row> {
  /** Digits of an address. */
  readonly digits: number;
  readonly columns: readonly CellColumn<Row>[];
  /** The columns with a title by their line in a row; at least one line. */
  readonly lines: readonly (readonly PreparedColumn<Row>[])[];
  /** Whether a column's width depends on the rows. */
  readonly needsRows: boolean;
}

/** By declaration: a session shows one machine, so that a table is prepared once. */
const prepared = new WeakMap<object, PreparedTable<never>>();

/** Prepares a table, or returns what was prepared before. */
export function prepare<Row>(machine: Machine, table: Table<Row>): PreparedTable<Row> {
  const known = prepared.get(table) as PreparedTable<Row> | undefined;
  if (known?.digits === digits(machine)) return known;
  const columns = cellColumns(table.columns);
  const shown = columns.filter(({ declared: { title } }) => title !== undefined);
  const count = shown.reduce((most, { declared: { line = 0 } }) => Math.max(most, line + 1), 1);
  const lineAt = (i: number): readonly PreparedColumn<Row>[] =>
    shown
      .filter(({ declared: { line = 0 } }) => line === i)
      .map((column, index) => preparedColumn(machine, column, index === 0 ? "" : (table.gap ?? " ")));
  const made: PreparedTable<Row> = {
    digits: digits(machine),
    columns,
    lines: Array.from({ length: count }, (_, i) => lineAt(i)),
    needsRows: shown.some(({ declared: { width } }) => width === "rows"),
  };
  prepared.set(table, made);
  return made;
}

function preparedColumn<Row>(machine: Machine, column: CellColumn<Row>, gap: string): PreparedColumn<Row> {
  const { declared, kind } = column;
  const { title = "", width = isAddress(kind) ? "address" : 0 } = declared;
  return {
    ...column,
    gap: declared.gap ?? gap,
    align: alignOf(declared),
    width: width === "address" ? digits(machine) : width === "rows" ? title.length : width,
    cellWidth: declared.cellWidth,
    takesSlack: declared.takesSlack ?? false,
  };
}
