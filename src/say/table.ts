/**
 * Declarations of tables: the columns of a command's records, declared once for people, programs, grids and the manual.
 */
import type { Fault } from "../base/fault.ts";
import type { Unit } from "../protocol/grid.ts";
import type { Json, Line, Span } from "./piece.ts";

/** Kinds of columns. The kind determines the type of values and their form in JSON. */
export interface ColumnValues {
  /** A size in bytes, a count, an identifier of up to 53 bits: a number in JSON. */
  number: number;
  /** A C value of a 64-bit type: always a decimal string. */
  integer: bigint;
  /** A kernel clock value or a duration: a decimal string. Its key ends in `_ns`. */
  nanoseconds: bigint;
  /** Seconds since 1970 with microseconds as fraction: a number. */
  time: number;
  text: string;
  flag: boolean;
  /** An address: `0x` and 16 digits. */
  address: bigint;
  /** The address of a `task_struct`. */
  task: bigint;
  /** A symbol name, or an address without a symbol. */
  symbol: string;
  /** A list or a record in the record, or the function that makes it; people may see another text. */
  data: Json | (() => Json);
}

export type ColumnKind = keyof ColumnValues;

/** "middle" puts an odd blank before the text, "center" after it. */
export type Align = "left" | "right" | "middle" | "center";

interface ColumnOf<Row, K extends ColumnKind> {
  readonly kind: K;
  /** The heading. A column without a heading is for programs only. */
  readonly title?: string;
  /** Description, if key and unit do not suffice. */
  readonly about?: string;
  readonly unit?: Unit;
  /** Default: right for numbers, left for others. */
  readonly align?: Align;
  /** Default: like the cells; "middle" over addresses. */
  readonly titleAlign?: Align;
  /**
   * Width in characters; "address" for the digits of an address, "rows" for the longest of title and cells. Default:
   * "address" for addresses and tasks, otherwise each cell's own width.
   */
  readonly width?: number | "address" | "rows";
  /** Widths of the spans of each text, with a blank between them. `align` applies to each span. */
  readonly cellWidth?: number;
  /** The excess of the column before is taken from its width; its title ends where its cells do. */
  readonly takesSlack?: true;
  /** Width of the heading where crash makes it different from the cells. */
  readonly titleWidth?: number | "address";
  /** Separator from the column before: blanks, or a label. Default: the table's. */
  readonly gap?: string;
  readonly titleGap?: string;
  /** Reads the value. A Fault, returned or thrown, replaces it; undefined and null mean that there is none. */
  readonly value: (row: Row) => ColumnValues[K] | Fault | null | undefined;
  /** Formats the value for people. */
  readonly text?: (value: ColumnValues[K], row: Row) => Span | Line;
  /** Text if there is no value. Default: none. */
  readonly absent?: Span | Line | ((row: Row) => Span | Line);
  /** Line of the row that contains it. Default: 0, which has the heading. */
  readonly line?: number;
  /** Layout only: another column has the data. */
  readonly screenOnly?: true;
  /** Fields of a list or record. */
  readonly fields?: Fields;
}

export type Column<Row> = { [K in ColumnKind]: ColumnOf<Row, K> }[ColumnKind];

/** Makes a column of a part of a row, such as its task, a column of the row. */
export function columnOf<Row, Part>(column: Column<Part>, part: (row: Row) => Part): Column<Row> {
  const { value, text, absent } = column as ColumnOf<Part, ColumnKind>;
  return {
    ...column,
    value: (row: Row) => value(part(row)),
    ...(text && { text: (shown: never, row: Row) => text(shown, part(row)) }),
    ...(typeof absent === "function" && { absent: (row: Row) => absent(part(row)) }),
  } as Column<Row>;
}

/** Makes columns for programs only, whose text another table prints. */
export const untitled = <Row, Key extends string>(columns: {
  readonly [K in Key]: Column<Row>;
}): { readonly [K in Key]: Column<Row> } =>
  Object.fromEntries(
    Object.entries<Column<Row>>(columns).map(([key, column]) => {
      const { title: _, ...rest } = column as ColumnOf<Row, ColumnKind>;
      return [key, rest];
    }),
  ) as { readonly [K in Key]: Column<Row> };

/** A value within a list or record of a row. */
export interface Field {
  readonly kind: ColumnKind;
  /** The layout of a part of the record, not a value of its own. */
  readonly screenOnly?: true;
  readonly about?: string;
  readonly unit?: Unit;
  readonly fields?: Fields;
}

export type Fields = Readonly<Record<string, Field>>;

/** The key of a field that stands for keys which the user's command line names. */
export const ANY_KEY = "<name>";

/**
 * A table with rows of `Row` and a column for each of `Key`. `table` of render/layout.ts prints it; `TableLayout` of the
 * same file prints its heading and its rows one by one.
 */
export interface Table<Row, Key extends string = string> {
  /** Columns by key, in order. */
  readonly columns: { readonly [K in Key]: Column<Row> };
  /** Text before a row's first column; the heading has blanks there. */
  readonly mark?: { readonly width: number; readonly of: (row: Row) => string };
  /** Separator of columns. Default: one blank. */
  readonly gap?: string;
  /** Text at the end of each row's line. */
  readonly end?: string;
}

/**
 * Values of one record, one per line: `   LABEL: value`. An absent value has no line unless `absent` gives its text.
 */
export interface Form<Row, Key extends string = string> {
  readonly columns: { readonly [K in Key]: Column<Row> };
  /** Width of the right-aligned labels in characters. */
  readonly width: number;
  /** Default: ": ". */
  readonly gap?: string;
}

/** Records of a command, for docs/json.md. */
export interface Records {
  /** The command line that prints them. */
  readonly line: string;
  readonly fields: Fields;
}
