/** Declarations of tables: what a command's records hold, said once for people, programs, grids and the manual. */
import type { Fault } from "../base/fault.ts";
import type { Unit } from "../protocol/grid.ts";
import type { Json, Line, Span } from "./piece.ts";

/** What a column holds: it decides the type of its values, and how they stand in JSON. */
export interface ColumnValues {
  /** A size in bytes, a count, an identifier of up to 53 bits: a number. */
  number: number;
  /** A C value of a 64-bit type: a decimal string, whatever the value. */
  integer: bigint;
  /** A value of the kernel's clocks or a duration: a decimal string. The key ends in `_ns`. */
  nanoseconds: bigint;
  /** Seconds since 1970, microseconds as fraction: a number. */
  time: number;
  text: string;
  flag: boolean;
  /** `0x` and 16 digits. */
  address: bigint;
  /** The address of a `task_struct`. */
  task: bigint;
  /** A name of the symbol table, or the address of what has none. */
  symbol: string;
  /** A list or a record within the record, or what makes it: a person may read it in another way. */
  data: Json | (() => Json);
}

export type Kind = keyof ColumnValues;

/** "middle" puts an odd blank before the text, "center" after it. */
export type Align = "left" | "right" | "middle" | "center";

interface ColumnOf<Row, K extends Kind> {
  readonly kind: K;
  /** The heading; a column without one is for programs alone. */
  readonly title?: string;
  /** What it holds, where key and unit leave that open. */
  readonly about?: string;
  readonly unit?: Unit;
  /** Default: numbers right, all else left. */
  readonly align?: Align;
  /** Default: as the cells; "middle" over addresses. */
  readonly titleAlign?: Align;
  /**
   * Characters; "address" for the digits of an address, "rows" for the longest of title and cells.
   * Default: "address" for addresses and tasks, else what each cell needs.
   */
  readonly width?: number | "address" | "rows";
  /** Characters of each of its text's spans, a blank between them: `align` is theirs. */
  readonly cellWidth?: number;
  /** What the column before is too long by is taken from its width; its title ends where its cells do. */
  readonly takesSlack?: true;
  /** Characters of the heading where crash gives it others than the cells. */
  readonly titleWidth?: number | "address";
  /** What parts it from the column before: blanks, or a label. Default: the table's. */
  readonly gap?: string;
  readonly titleGap?: string;
  /** Reads the value. A Fault, returned or thrown, takes its place; undefined and null mean that there is none. */
  readonly value: (row: Row) => ColumnValues[K] | Fault | null | undefined;
  /** The value as a person reads it. */
  readonly text?: (value: ColumnValues[K], row: Row) => Span | Line;
  /** What a person reads where there is no value. Default: nothing. */
  readonly absent?: Span | Line | ((row: Row) => Span | Line);
  /** Which of the row's lines it stands in. Default: 0; the heading is of that one. */
  readonly line?: number;
  /** Part of the layout: another column tells programs. */
  readonly screenOnly?: true;
  /** What a list or record within holds. */
  readonly fields?: Fields;
}

export type Column<Row> = { [K in Kind]: ColumnOf<Row, K> }[Kind];

/** A column of what a row has, such as its task, as a column of the row. */
export function columnOf<Row, Part>(column: Column<Part>, part: (row: Row) => Part): Column<Row> {
  const { value, text, absent } = column as ColumnOf<Part, Kind>;
  return {
    ...column,
    value: (row: Row) => value(part(row)),
    ...(text && { text: (shown: never, row: Row) => text(shown, part(row)) }),
    ...(typeof absent === "function" && { absent: (row: Row) => absent(part(row)) }),
  } as Column<Row>;
}

/** Columns for programs alone: what shows them to people is in another table. */
export const untitled = <Row, Key extends string>(columns: {
  readonly [K in Key]: Column<Row>;
}): { readonly [K in Key]: Column<Row> } =>
  Object.fromEntries(
    Object.entries<Column<Row>>(columns).map(([key, column]) => {
      const { title: _, ...rest } = column as ColumnOf<Row, Kind>;
      return [key, rest];
    }),
  ) as { readonly [K in Key]: Column<Row> };

/** A value within a list or record of a row. */
export interface Field {
  readonly kind: Kind;
  /** No value of the record, but how a part of it is laid out. */
  readonly screenOnly?: true;
  readonly about?: string;
  readonly unit?: Unit;
  readonly fields?: Fields;
}

export type Fields = Readonly<Record<string, Field>>;

/** A table whose rows are made of `Row`, with a column for each of `Key`. */
export interface Table<Row, Key extends string = string> {
  /** By their key in the record, in the order in which they stand. */
  readonly columns: { readonly [K in Key]: Column<Row> };
  /** What stands in front of a row's first column; blanks do in the heading. */
  readonly mark?: { readonly width: number; readonly of: (row: Row) => string };
  /** What parts columns. Default: one blank. */
  readonly gap?: string;
  /** What ends each row's line. */
  readonly end?: string;
}

/** Values that one record holds, a line each: `   LABEL: value`. One that is absent has no line unless `absent` gives it one. */
export interface Form<Row, Key extends string = string> {
  readonly columns: { readonly [K in Key]: Column<Row> };
  /** Characters in which labels stand to the right. */
  readonly width: number;
  /** Default: ": ". */
  readonly gap?: string;
}

/** Records that a command says, for docs/json.md. */
export interface Records {
  /** The command line that says them. */
  readonly line: string;
  readonly fields: Fields;
}
