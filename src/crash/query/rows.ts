/** The rows of a query's table. */
import type { Json, Piece } from "../../say/piece.ts";
import type { Context } from "../language/command.ts";
import { run } from "../language/language.ts";
import type { QueryColumn } from "./columns.ts";
import type { QueryTable } from "./tables.ts";

/** A value of SQL. */
export type SqlValue = string | number | bigint | null;

/** Counts what a table lacks. */
export interface Shortfall {
  /** Number of values that could not be read. They are NULL. */
  unread: number;
  /** Why records are missing. */
  readonly faults: string[];
}

/** Maximum number of faults that are kept. */
const MAX_FAULTS = 10;

/**
 * Runs the command of a table and yields its pieces.
 * @param insert receives each row: the values of the columns; if the table has `each`, the position in that list comes first
 * @returns what the table lacks
 */
export function* fillTable(
  context: Context,
  { line, each, marker, inherited = [] }: QueryTable,
  columns: readonly QueryColumn[],
  insert: (row: readonly SqlValue[]) => void,
): Generator<Piece, Shortfall, void> {
  const shortfall: Shortfall = { unread: 0, faults: [] };
  let outer: Record<string, Json | undefined> = {};
  const add = (own: Record<string, Json | undefined>, position: number): void =>
    insert([
      ...(each === undefined ? [] : [position]),
      ...columns.map((column) => valueOf(column, column.isInherited ? outer : own, shortfall)),
    ]);
  for (const piece of run(context, line)) {
    if (piece.kind === "fault" || piece.kind === "usage") {
      const why = piece.kind === "fault" ? piece.fault.message : piece.message;
      if (shortfall.faults.length < MAX_FAULTS) shortfall.faults.push(why);
    }
    if (piece.kind === "record") {
      const record = piece.data as Record<string, Json | undefined>;
      if (marker !== undefined && !(marker in record)) {
        if (inherited.every((key) => key in record)) outer = record;
        continue;
      }
      if (each === undefined) add(record, 0);
      else {
        outer = record;
        const list = record[each];
        if (Array.isArray(list)) for (const [at, one] of list.entries()) add(one as Record<string, Json>, at);
      }
    }
    yield piece;
  }
  return shortfall;
}

function valueOf({ key, kind }: QueryColumn, record: Record<string, Json | undefined>, shortfall: Shortfall): SqlValue {
  const value = record[key];
  // A record leaves out a flag that is not set; one that cannot be read is a fault.
  if (value === undefined || value === null) return kind === "flag" ? 0 : null;
  if (typeof value === "object" && "fault" in value) {
    shortfall.unread++;
    return null;
  }
  if (typeof value === "object") return JSON.stringify(value);
  if (typeof value === "boolean") return value ? 1 : 0;
  if ((kind !== "integer" && kind !== "nanoseconds") || typeof value === "number") return value;
  const whole = BigInt(value);
  // SQLite has signed integers of 64 bits; a larger value stays text.
  return BigInt.asIntN(64, whole) === whole ? whole : value;
}
