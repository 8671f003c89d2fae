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

  get fields(): Fields {
    return this.declared.columns;
  }

  /** Makes columns as wide as their longest cell, faults excepted. @returns the rows */
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

  /** A row whose data and lines are made when they are first asked for, and then kept. */
  keptRow(row: Row): RecordPiece {
    return new KeptRow(this, row);
  }

  /** The row's lines: one, and those that columns declare below it. */
  lines(row: Row): Line[] {
    const last = this.shownLines.length - 1;
    return this.shownLines.map((columns, i) => this.lineOf(row, columns, i === 0, i === last));
  }

  /** The first of them. */
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
      // What took the place of several values is said once.
      if (fault && fault === before) continue;
      before = fault;
      const own = this.gapBefore(column, i);
      // A fault is longer than the column, and may be where blanks within it part values.
      const gap = fault && own === "" && i > 0 ? " " : own;
      const { cellWidth } = column;
      const said = cellLine(this.machine, column, row, value);
      const cell = cellWidth === undefined || fault ? said : evenly(said, cellWidth, alignOf(column));
      const length = lengthOf(cell);
      // No blanks part a line from a last cell that is empty.
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

/** A class for the same reason as `LazyRecord`: thousands of them are kept. */
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
  const unread = isAnswer ? firstFault(columns.map(([, column]) => valueOf(column, row))) : undefined;
  return lazyRecord(
    () => dataOf(columns, row),
    () => [...before(), ...formLines(machine, declared, row), ...after()],
    { fields: declared.columns, unread },
  );
}

/** The lines of a form: one for each value that there is, or that has a text for its absence. */
export function formLines<Row>(machine: Machine, { columns, width, gap = ": " }: Form<Row>, row: Row): Line[] {
  return Object.values<Column<Row>>(columns).flatMap((column): Line[] => {
    if (column.title === undefined) return [];
    const value = valueOf(column, row);
    if ((value === undefined || value === null) && column.absent === undefined) return [];
    const line = cellLine(machine, column, row, value);
    return [[{ as: "title", text: column.title.padStart(width) }, column.gap ?? gap, ...line]];
  });
}

/** The data of a form, or of any columns, for commands that lay out a record themselves. */
export const recordData = <Row>(
  _machine: Machine,
  columns: { readonly [key: string]: Column<Row> },
  row: Row,
): { readonly [key: string]: Json } => dataOf(Object.entries<Column<Row>>(columns), row);
