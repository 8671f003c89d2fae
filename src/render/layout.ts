/** Lays out tables and forms: widths, padding, headings. */
import { Fault } from "../base/fault.ts";
import {
  type Json,
  type Line,
  lazyRecord,
  lineText,
  type Piece,
  type Pieces,
  type RecordPiece,
  type Span,
  text,
} from "../say/piece.ts";
import type { Column, Fields, Form, Table } from "../say/table.ts";
import { alignOf, cellLine, dataOf, digits, firstFault, isAddress, type Machine, valueOf, widthOf } from "./cells.ts";
import { aligned, evenly, lengthOf } from "./pad.ts";

/**
 * Yields the heading, and a record per row. If a column's width depends on its rows, all rows are read first. @param
 * heading false omits it
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

/** The layout of one table, for commands that print other pieces between its rows. */
export class TableLayout<Row> {
  /** Whether a column's width depends on its rows: `fit` must then be called first. */
  readonly needsRows: boolean;
  private readonly machine: Machine;
  private readonly declared: Table<Row>;
  private readonly columns: readonly (readonly [key: string, column: Column<Row>])[];
  private readonly shown: readonly Column<Row>[];
  /** The columns by their line in a row. */
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

  get fields(): Fields {
    return this.declared.columns;
  }

  /** Makes columns as wide as their longest cell, except faults. @returns the rows */
  fit(rows: readonly Row[]): readonly Row[] {
    for (const column of this.shown) {
      if (column.width !== "rows") continue;
      const lengths = rows.map((row) => widthOf(cellLine(this.machine, column, row, valueOf(column, row))));
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
    // The end of the cells below.
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

  /** @param below lines below the row, with values of columns without a title */
  row(row: Row, below: () => readonly Line[] = () => []): Piece {
    return lazyRecord(
      () => this.data(row),
      () => [...this.lines(row), ...below()],
      { fields: this.declared.columns },
    );
  }

  /** Makes a record with its own heading, for tables with other lines between rows. */
  headed(row: Row, below: () => readonly Line[] = () => []): Piece {
    return lazyRecord(
      () => this.data(row),
      () => [this.headingLine(), ...this.lines(row), ...below()],
      { fields: this.declared.columns },
    );
  }

  /** Makes a row whose data and lines are computed at first use and then kept. */
  keptRow(row: Row): RecordPiece {
    return new KeptRow(this, row);
  }

  /** Returns the row's lines: one, and those that columns declare below it. */
  lines(row: Row): Line[] {
    const last = this.shownLines.length - 1;
    return this.shownLines.map((columns, i) => this.lineOf(row, columns, i === 0, i === last));
  }

  /** Returns the first line. */
  line(row: Row): Line {
    return this.lineOf(row, this.shownLines[0] ?? [], true, this.shownLines.length <= 1);
  }

  private lineOf(row: Row, columns: readonly Column<Row>[], isFirst: boolean, isLast: boolean): Line {
    const { mark, end } = this.declared;
    const line: Span[] = mark && isFirst ? [mark.of(row)] : [];
    let slack = 0;
    let before: Fault | undefined;
    for (let i = 0; i < columns.length; i++) {
      const column = columns[i];
      if (column === undefined) break;
      const value = valueOf(column, row);
      const fault = value instanceof Fault ? value : undefined;
      // A fault that replaces several values is printed once.
      if (fault && fault === before) continue;
      before = fault;
      const own = this.gapBefore(column, i);
      // A fault can be longer than the column, and can be where blanks in it would separate values.
      const gap = fault && own === "" && i > 0 ? " " : own;
      const { cellWidth } = column;
      const said = cellLine(this.machine, column, row, value);
      const cell = cellWidth === undefined || fault ? said : evenly(said, cellWidth, alignOf(column));
      const length = lengthOf(cell);
      // A line does not end with blanks before an empty last cell.
      if (i === columns.length - 1 && length === 0 && gap.trim() === "") break;
      if (gap !== "") line.push(gap);
      const width = (this.widths.get(column) ?? 0) - (column.takesSlack ? slack : 0);
      if (length >= width) for (const span of cell) line.push(span);
      else line.push(...aligned(cell, width, cellWidth === undefined ? alignOf(column) : "left"));
      slack = Math.max(0, length - width);
    }
    if (isLast && end !== undefined) line.push(end);
    return line;
  }

  data(row: Row): Json {
    return dataOf(this.columns, row);
  }

  private gapBefore({ gap }: Column<Row>, index: number): string {
    return index === 0 ? (gap ?? "") : (gap ?? this.declared.gap ?? " ");
  }
}

/** A class for the same reason as `LazyRecord`: thousands are kept. */
class KeptRow<Row> {
  readonly kind = "record";
  private readonly layout: TableLayout<Row>;
  private readonly row: Row;
  private madeData: Json | undefined;
  private madeLines: readonly Line[] | undefined;

  constructor(layout: TableLayout<Row>, row: Row) {
    this.layout = layout;
    this.row = row;
  }

  get fields(): Fields {
    return this.layout.fields;
  }

  get data(): Json {
    return (this.madeData ??= this.layout.data(this.row));
  }

  get lines(): readonly Line[] {
    return (this.madeLines ??= this.layout.lines(this.row));
  }
}

interface FormParts {
  /** Lines before and after the form's. */
  readonly before?: () => readonly Line[];
  readonly after?: () => readonly Line[];
  /** An unreadable value makes the answer incomplete (`Piece.unread`). */
  readonly isAnswer?: boolean;
}

/** Makes one record with a line per value, each after its label. */
export function form<Row>(machine: Machine, declared: Form<Row>, row: Row, parts: FormParts = {}): Piece {
  const { before = () => [], after = () => [], isAnswer = false } = parts;
  const columns = Object.entries<Column<Row>>(declared.columns);
  const unread = isAnswer ? firstFault(columns.map(([, column]) => valueOf(column, row))) : undefined;
  return lazyRecord(
    () => dataOf(columns, row),
    () => [...before(), ...formLines(machine, declared, row), ...after()],
    { fields: declared.columns, unread },
  );
}

/** Returns the lines of a form: one per value that exists or has a text for its absence. */
export function formLines<Row>(machine: Machine, { columns, width, gap = ": " }: Form<Row>, row: Row): Line[] {
  return Object.values<Column<Row>>(columns).flatMap((column): Line[] => {
    if (column.title === undefined) return [];
    const value = valueOf(column, row);
    if ((value === undefined || value === null) && column.absent === undefined) return [];
    const line = cellLine(machine, column, row, value);
    return [[{ as: "title", text: column.title.padStart(width) }, column.gap ?? gap, ...line]];
  });
}

/** Returns the data of a form or of any columns, for commands with their own layout. */
export const recordData = <Row>(
  columns: { readonly [key: string]: Column<Row> },
  row: Row,
): { readonly [key: string]: Json } => dataOf(Object.entries<Column<Row>>(columns), row);
