/** Values of a row, for people and for programs. */
import { attempt, Fault } from "../base/fault.ts";
import { padHex } from "../base/hex.ts";
import { addressJson, faultJson, faultSpan, isLine, type Json, type Line, type Span } from "../say/piece.ts";
import type { Align, Column, ColumnKind } from "../say/table.ts";
import { lengthOf } from "./pad.ts";

/** The machine whose addresses are shown. */
export interface Machine {
  readonly arch: { readonly wordSize: number };
}

/** Digits of an address. */
export const digits = ({ arch }: Machine): number => arch.wordSize * 2;

export const isAddress = (kind: ColumnKind): boolean => kind === "address" || kind === "task";

export const alignOf = ({ align, kind }: Pick<Column<never>, "align" | "kind">): Align =>
  align ?? (kind === "number" || kind === "integer" || kind === "nanoseconds" ? "right" : "left");

/** Returns the width of a cell in characters; 0 for a fault, so that it does not move other columns. */
export const widthOf = (content: Span | Line): number => {
  const only = isLine(content) ? content[0] : content;
  return typeof only === "object" && only.as === "fault" ? 0 : lengthOf(content);
};

/** A column as its cells need it. All have the same shape, because rows read them in a loop. */
export interface CellColumn<Row> {
  readonly key: string;
  readonly kind: ColumnKind;
  readonly value: (row: Row) => unknown;
  /** The column's kind determines the type of the value, because one declaration has both. */
  readonly text: ((value: unknown, row: Row) => Span | Line) | undefined;
  readonly absent: Column<Row>["absent"];
  readonly declared: Column<Row>;
}

/** Columns by the declaration that they were made from, because most declarations are used for many rows. */
const known = new WeakMap<object, readonly CellColumn<never>[]>();

/** Returns declared columns with their keys, in order. */
export function cellColumns<Row>(columns: { readonly [key: string]: Column<Row> }): readonly CellColumn<Row>[] {
  let made = known.get(columns) as readonly CellColumn<Row>[] | undefined;
  if (!made) {
    made = Object.entries(columns).map(([key, declared]) => ({
      key,
      kind: declared.kind,
      value: declared.value,
      text: declared.text as CellColumn<Row>["text"],
      absent: declared.absent,
      declared,
    }));
    known.set(columns, made);
  }
  return made;
}

/** Returns all columns of a row for programs. */
export function dataOf<Row>(columns: readonly CellColumn<Row>[], row: Row): { readonly [key: string]: Json } {
  const data: Record<string, Json> = {};
  for (const column of columns)
    if (!column.declared.screenOnly) data[column.key] = jsonOf(column.kind, valueOf(column, row));
  return data;
}

export const firstFault = (values: readonly unknown[]): Fault | undefined =>
  values.find((value) => value instanceof Fault);

/** Reads a column of a row: undefined or null if there is no value, a Fault if it cannot be read. */
export function valueOf<Row>(column: CellColumn<Row>, row: Row): unknown {
  // Written out, because the closure for `attempt` costs more than most values do.
  try {
    return column.value(row);
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
}

/** Formats a value of a column for people. @param digits of an address */
export function cellText<Row>(digits: number, column: CellColumn<Row>, row: Row, value: unknown): Span | Line {
  if (value instanceof Fault) return faultSpan(value);
  // As in `valueOf`.
  try {
    return readableText(digits, column, row, value);
  } catch (error) {
    if (error instanceof Fault) return faultSpan(error);
    throw error;
  }
}

/** Formats a value that was read. @throws Fault if the text needs more of the row, and that cannot be read */
function readableText<Row>(digits: number, column: CellColumn<Row>, row: Row, value: unknown): Span | Line {
  const { kind, text, absent = "" } = column;
  if (value === undefined || value === null) return typeof absent === "function" ? absent(row) : absent;
  if (text) return text(value, row);
  if (typeof value === "string") return value;
  if ((kind !== "address" && kind !== "task") || typeof value !== "bigint")
    return `${value as number | bigint | boolean}`;
  return { as: kind, text: padHex(value, digits), address: value };
}

export const lineOf = (content: Span | Line): Line => (isLine(content) ? content : [content]);

/** Formats a column of a row for programs. */
function jsonOf(kind: ColumnKind, value: unknown): Json {
  if (value instanceof Fault) return faultJson(value);
  if (value === undefined || value === null) return null;
  if (typeof value === "function") {
    const made = attempt(value as () => Json);
    return made instanceof Fault ? faultJson(made) : made;
  }
  if (typeof value !== "bigint") return value as Json;
  return isAddress(kind) ? addressJson(value) : value.toString();
}
