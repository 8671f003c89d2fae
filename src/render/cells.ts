/** Values of a row, for people and for programs. */
import { attempt, Fault } from "../base/fault.ts";
import { padHex } from "../base/hex.ts";
import { addressJson, faultJson, faultSpan, type Json, type Line, type Span } from "../say/piece.ts";
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

/** A fault does not move other columns. */
export const widthOf = (line: Line): number => {
  const [only] = line;
  return typeof only === "object" && only.as === "fault" ? 0 : lengthOf(line);
};

/** Returns all columns of a row for programs. */
export function dataOf<Row>(
  columns: readonly (readonly [string, Column<Row>])[],
  row: Row,
): { readonly [key: string]: Json } {
  const data: Record<string, Json> = {};
  for (const [key, column] of columns) if (!column.screenOnly) data[key] = jsonOf(column.kind, valueOf(column, row));
  return data;
}

export const firstFault = (values: readonly unknown[]): Fault | undefined =>
  values.find((value) => value instanceof Fault);

/** Reads a column of a row: undefined or null if there is no value, a Fault if it cannot be read. */
export const valueOf = <Row>(column: Column<Row>, row: Row): unknown => attempt(() => column.value(row));

/** Formats a column of a row for people. */
export function cellLine<Row>(machine: Machine, column: Column<Row>, row: Row, value: unknown): Line {
  if (value instanceof Fault) return [faultSpan(value)];
  if (value === undefined || value === null) {
    const { absent = "" } = column;
    return lineOf(typeof absent === "function" ? absent(row) : absent);
  }
  // The column's kind determines the type of its value, because one declaration has both.
  const shown = column.text as ((value: unknown, row: Row) => Span | Line) | undefined;
  const said = shown ? attempt(() => shown(value, row)) : plainSpan(machine, column.kind, value);
  return said instanceof Fault ? [faultSpan(said)] : lineOf(said);
}

const lineOf = (said: Span | Line): Line => (isLine(said) ? said : [said]);
const isLine = (said: Span | Line): said is Line => Array.isArray(said);

function plainSpan(machine: Machine, kind: ColumnKind, value: unknown): Span {
  if ((kind !== "address" && kind !== "task") || typeof value !== "bigint") return String(value);
  return { as: kind, text: padHex(value, digits(machine)), address: value };
}

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
