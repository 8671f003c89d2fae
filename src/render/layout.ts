/** Lays out tables and forms: widths, padding, headings. */
import { attempt, Fault } from "../base/fault.ts";
import { padHex } from "../base/hex.ts";
import {
  addressJson,
  faultJson,
  faultSpan,
  type Json,
  type Line,
  lazyRecord,
  lineText,
  type Piece,
  type Pieces,
  type Span,
  text,
} from "../say/piece.ts";
import type { Align, Column, Form, Kind, Table } from "../say/table.ts";
import { aligned, evenly, lengthOf } from "./pad.ts";

/** The machine whose addresses are shown. */
export interface Machine {
  readonly arch: { readonly wordSize: number };
}

const digits = ({ arch }: Machine): number => arch.wordSize * 2;

/**
 * The heading, and a record for each row. Where a column's width is that of its rows all of them are read first.
 * @param heading false leaves it out
 */
export function* table<Row>(
  machine: Machine,
  declared: Table<Row>,
  rows: Iterable<Row>,
  { heading = true }: { readonly heading?: boolean } = {},
): Pieces {
  const layout = new TableLayout(machine, declared);
  const fitted = layout.needsRows ? layout.fit([...rows]) : rows;
  if (heading) yield layout.heading();
  for (const row of fitted) yield layout.row(row);
}

/** One table's layout, for commands that put other pieces between its rows. */
export class TableLayout<Row> {
  /** Whether a column is as wide as its rows are: `fit` is to be called first. */
  readonly needsRows: boolean;
  private readonly machine: Machine;
  private readonly declared: Table<Row>;
  private readonly columns: readonly (readonly [key: string, column: Column<Row>])[];
  private readonly shown: readonly Column<Row>[];
  /** The same by the line of a row in which they stand. */
  private readonly shownLines: readonly (readonly Column<Row>[])[];
  private readonly widths = new Map<Column<Row>, number>();

  constructor(machine: Machine, declared: Table<Row>) {
    this.machine = machine;
    this.declared = declared;
    this.columns = Object.entries(declared.columns);
    this.shown = this.columns.map(([, column]) => column).filter(({ title }) => title !== undefined);
    const count = this.shown.reduce((most, { line = 0 }) => Math.max(most, line + 1), 1);
    this.shownLines = Array.from({ length: count }, (_, i) => this.shown.filter(({ line = 0 }) => line === i));
    this.needsRows = this.shown.some(({ width }) => width === "rows");
    for (const column of this.shown) {
      const { width = isAddress(column.kind) ? "address" : 0, title = "" } = column;
      this.widths.set(column, width === "address" ? digits(machine) : width === "rows" ? title.length : width);
    }
  }

  /** Makes columns as wide as their longest cell, faults excepted. @returns the rows */
  fit(rows: readonly Row[]): readonly Row[] {
    for (const column of this.shown) {
      if (column.width !== "rows") continue;
      const lengths = rows.map((row) => widthOf(cellOf(this.machine, column, row).line));
      this.widths.set(
        column,
        lengths.reduce((most, one) => Math.max(most, one), this.widths.get(column) ?? 0),
      );
    }
    return rows;
  }

  heading(): Piece {
    return text(this.headingLine());
  }

  headingLine(): Line {
    let all = " ".repeat(this.declared.mark?.width ?? 0);
    // Where the cells below end.
    let end = all.length;
    const columns = this.shownLines[0] ?? [];
    const titled = columns.findLastIndex(({ title }) => title !== "");
    for (const [i, column] of columns.slice(0, titled + 1).entries()) {
      const { title = "", titleAlign = isAddress(column.kind) ? "middle" : alignOf(column) } = column;
      const own = this.widths.get(column) ?? 0;
      end += this.gapBefore(column, i).length + own;
      all += column.titleGap ?? this.gapBefore(column, i);
      const { titleWidth = own } = column;
      const width = column.takesSlack ? end - all.length : titleWidth === "address" ? digits(this.machine) : titleWidth;
      all += lineText(aligned([title], width, titleAlign));
    }
    return [{ as: "title", text: all }];
  }

  /** @param below lines that stand under the row, of values that its columns hold without a title */
  row(row: Row, below: () => readonly Line[] = () => []): Piece {
    return lazyRecord(
      () => this.data(row),
      () => [...this.lines(row), ...below()],
      { fields: this.declared.columns },
    );
  }

  /** A record with a heading of its own, for tables whose rows have other lines between them. */
  headed(row: Row, below: () => readonly Line[] = () => []): Piece {
    return lazyRecord(
      () => this.data(row),
      () => [this.headingLine(), ...this.lines(row), ...below()],
      { fields: this.declared.columns },
    );
  }

  /** A row that is read at once and not again, for rows that are kept. */
  readRow(row: Row): { readonly data: { readonly [key: string]: Json }; readonly lines: readonly Line[] } {
    const cells = new Map(this.columns.map(([, column]) => [column, cellOf(this.machine, column, row)]));
    const cellAt = (column: Column<Row>): LaidCell => cells.get(column) ?? cellOf(this.machine, column, row);
    const data = Object.fromEntries(
      this.columns.flatMap(([key, column]) => (column.screenOnly ? [] : [[key, cellAt(column).json]])),
    );
    return { data, lines: this.linesOf(row, cellAt) };
  }

  /** The same as a record. */
  keptRow(row: Row): Piece {
    return { kind: "record", ...this.readRow(row), fields: this.declared.columns };
  }

  /** The row's lines: one, and those that columns declare below it. */
  lines(row: Row): Line[] {
    return this.linesOf(row, (column) => cellOf(this.machine, column, row));
  }

  private linesOf(row: Row, cellAt: CellAt<Row>): Line[] {
    const last = this.shownLines.length - 1;
    return this.shownLines.map((columns, i) => this.lineOf(row, columns, cellAt, i === 0, i === last));
  }

  /** The first of them. */
  line(row: Row): Line {
    const cellAt = (column: Column<Row>): LaidCell => cellOf(this.machine, column, row);
    return this.lineOf(row, this.shownLines[0] ?? [], cellAt, true, this.shownLines.length <= 1);
  }

  private lineOf(
    row: Row,
    columns: readonly Column<Row>[],
    cellAt: CellAt<Row>,
    isFirst: boolean,
    isLast: boolean,
  ): Line {
    const { mark, end } = this.declared;
    const line: Span[] = mark && isFirst ? [mark.of(row)] : [];
    let slack = 0;
    let before: Fault | undefined;
    for (const [i, column] of columns.entries()) {
      const { line: said, fault } = cellAt(column);
      // What took the place of several values is said once.
      if (fault && fault === before) continue;
      before = fault;
      const own = this.gapBefore(column, i);
      // A fault is longer than the column, and may be where blanks within it part values.
      const gap = fault && own === "" && i > 0 ? " " : own;
      const { cellWidth } = column;
      const cell = cellWidth === undefined || fault ? said : evenly(said, cellWidth, alignOf(column));
      const length = lengthOf(cell);
      // No blanks part a line from a last cell that is empty.
      if (i === columns.length - 1 && length === 0 && gap.trim() === "") break;
      if (gap !== "") line.push(gap);
      const width = (this.widths.get(column) ?? 0) - (column.takesSlack ? slack : 0);
      line.push(...aligned(cell, width, cellWidth === undefined ? alignOf(column) : "left"));
      slack = Math.max(0, length - width);
    }
    if (isLast && end !== undefined) line.push(end);
    return line;
  }

  data(row: Row): Json {
    return dataOf(this.machine, this.columns, row);
  }

  private gapBefore({ gap }: Column<Row>, index: number): string {
    return index === 0 ? (gap ?? "") : (gap ?? this.declared.gap ?? " ");
  }
}

interface FormParts {
  /** Lines in front of the form's, and behind them. */
  readonly before?: () => readonly Line[];
  readonly after?: () => readonly Line[];
  /** What cannot be read of it makes it no full answer (`Piece.unread`). */
  readonly isAnswer?: boolean;
}

/** One record whose values stand below each other, each behind its label. */
export function form<Row>(machine: Machine, declared: Form<Row>, row: Row, parts: FormParts = {}): Piece {
  const { before = () => [], after = () => [], isAnswer = false } = parts;
  const columns = Object.entries<Column<Row>>(declared.columns);
  const unread = isAnswer ? firstFault(columns.map(([, column]) => cellOf(machine, column, row))) : undefined;
  return lazyRecord(
    () => dataOf(machine, columns, row),
    () => [...before(), ...formLines(machine, declared, row), ...after()],
    { fields: declared.columns, unread },
  );
}

/** The lines of a form: one for each value that there is, or that has a text for its absence. */
export function formLines<Row>(machine: Machine, { columns, width, gap = ": " }: Form<Row>, row: Row): Line[] {
  return Object.values<Column<Row>>(columns).flatMap((column): Line[] => {
    if (column.title === undefined) return [];
    const { line, json } = cellOf(machine, column, row);
    if (json === null && column.absent === undefined) return [];
    return [[{ as: "title", text: column.title.padStart(width) }, column.gap ?? gap, ...line]];
  });
}

/** The data of a form, or of any columns, for commands that lay out a record themselves. */
export const recordData = <Row>(
  machine: Machine,
  columns: { readonly [key: string]: Column<Row> },
  row: Row,
): { readonly [key: string]: Json } => dataOf(machine, Object.entries(columns), row);

const isAddress = (kind: Kind): boolean => kind === "address" || kind === "task";

const alignOf = ({ align, kind }: Pick<Column<never>, "align" | "kind">): Align =>
  align ?? (kind === "number" || kind === "integer" || kind === "nanoseconds" ? "right" : "left");

/** A fault pushes no other column away. */
const widthOf = (line: Line): number => {
  const [only] = line;
  return typeof only === "object" && only.as === "fault" ? 0 : lengthOf(line);
};

function dataOf<Row>(
  machine: Machine,
  columns: readonly (readonly [string, Column<Row>])[],
  row: Row,
): { readonly [key: string]: Json } {
  const data: Record<string, Json> = {};
  for (const [key, column] of columns) if (!column.screenOnly) data[key] = cellOf(machine, column, row).json;
  return data;
}

type CellAt<Row> = (column: Column<Row>) => LaidCell;

/** One value of a row: what it says to people and to programs. */
interface LaidCell {
  readonly line: Line;
  readonly json: Json;
  /** What takes the value's place. */
  readonly fault?: Fault;
}

const firstFault = (cells: readonly LaidCell[]): Fault | undefined => cells.find(({ fault }) => fault)?.fault;

function cellOf<Row>(machine: Machine, column: Column<Row>, row: Row): LaidCell {
  const value = attempt(() => column.value(row));
  if (value instanceof Fault) return { line: [faultSpan(value)], json: faultJson(value), fault: value };
  if (value === undefined || value === null) {
    const { absent = "" } = column;
    return { line: lineOf(typeof absent === "function" ? absent(row) : absent), json: null };
  }
  // The column's kind says what its value is: the two come from one declaration.
  const shown = column.text as ((value: unknown, row: Row) => Span | Line) | undefined;
  const said = attempt(() => (shown ? shown(value, row) : plainSpan(machine, column.kind, value)));
  return { line: said instanceof Fault ? [faultSpan(said)] : lineOf(said), json: jsonOf(column.kind, value) };
}

const lineOf = (said: Span | Line): Line => (isLine(said) ? said : [said]);
const isLine = (said: Span | Line): said is Line => Array.isArray(said);

function plainSpan(machine: Machine, kind: Kind, value: unknown): Span {
  if ((kind !== "address" && kind !== "task") || typeof value !== "bigint") return String(value);
  return { as: kind, text: padHex(value, digits(machine)), address: value };
}

function jsonOf(kind: Kind, value: unknown): Json {
  if (typeof value !== "bigint") return value as Json;
  return isAddress(kind) ? addressJson(value) : value.toString();
}
