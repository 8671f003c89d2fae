/** Lays out tables and forms: widths, padding, headings. */
import { Fault } from "../base/fault.ts";
import {
  faultSpan,
  type Json,
  type Line,
  lazyRecord,
  type Piece,
  type Pieces,
  type RecordPiece,
  text,
} from "../say/piece.ts";
import type { Column, Fields, Form, Table } from "../say/table.ts";
import {
  alignOf,
  cellColumns,
  cellText,
  dataOf,
  digits,
  firstFault,
  isAddress,
  lineOf,
  type Machine,
  valueOf,
  widthOf,
} from "./cells.ts";
import { aligned, evenLength, lengthOf, LineBuilder } from "./pad.ts";
import { prepare, type PreparedColumn, type PreparedTable } from "./preparedTable.ts";

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
  private readonly declared: Table<Row>;
  private readonly prepared: PreparedTable<Row>;
  /** The prepared lines of the table; after `fit` with the widths of the rows. */
  private shownLines: PreparedTable<Row>["lines"];

  constructor(machine: Machine, declared: Table<Row>) {
    this.declared = declared;
    this.prepared = prepare(machine, declared);
    this.shownLines = this.prepared.lines;
  }

  /** Whether a column's width depends on its rows: `fit` must then be called first. */
  get needsRows(): boolean {
    return this.prepared.needsRows;
  }

  get fields(): Fields {
    return this.declared.columns;
  }

  /** Makes columns as wide as their longest cell, except faults. @returns the rows */
  fit(rows: readonly Row[]): readonly Row[] {
    const fitted = (column: PreparedColumn<Row>): PreparedColumn<Row> => {
      if (column.declared.width !== "rows") return column;
      let { width } = column;
      for (const row of rows)
        width = Math.max(width, widthOf(cellText(this.prepared.digits, column, row, valueOf(column, row))));
      return { ...column, width };
    };
    this.shownLines = this.shownLines.map((columns) => columns.map(fitted));
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
    const titled = columns.findLastIndex(({ declared: { title } }) => title !== "");
    for (const { declared, gap, width: own } of columns.slice(0, titled + 1)) {
      const { title = "", titleAlign = isAddress(declared.kind) ? "middle" : alignOf(declared) } = declared;
      end += gap.length + own;
      const separator = declared.titleGap ?? gap;
      all += separator;
      const { titleWidth = own, takesSlack } = declared;
      const width = takesSlack ? end - all.length : titleWidth === "address" ? this.prepared.digits : titleWidth;
      const cell = aligned(title, width, titleAlign);
      // A title that is wider than its cells would run into the one before, unless the table separates them by a sign.
      if (separator === "" && /\S$/.test(all) && /^\S/.test(cell)) all += " ";
      all += cell;
    }
    return [{ as: "title", text: all }];
  }

  /** @param below lines below the row, with values of columns without a title */
  row(row: Row, below?: () => readonly Line[]): Piece {
    return below
      ? lazyRecord(
          () => this.data(row),
          () => [...this.lines(row), ...below()],
          { fields: this.declared.columns },
        )
      : new RowRecord(this, row);
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
    if (last === 0) return [this.line(row)];
    return this.shownLines.map((columns, i) => this.lineOf(row, columns, i === 0, i === last));
  }

  /** Returns the first line of a row. */
  line(row: Row): Line {
    return this.lineOf(row, this.shownLines[0] ?? [], true, this.shownLines.length <= 1);
  }

  private lineOf(row: Row, columns: readonly PreparedColumn<Row>[], isFirst: boolean, isLast: boolean): Line {
    const { mark, end } = this.declared;
    const line = new LineBuilder();
    if (mark && isFirst) line.add(mark.of(row));
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
      const content = cellText(this.prepared.digits, column, row, value);
      const even = fault ? undefined : column.cellWidth;
      const length = even === undefined ? lengthOf(content) : evenLength(lineOf(content), even);
      // A column without a gap is separated from the previous one by the blanks of its alignment. A fault can fill the
      // column, so it needs a blank of its own.
      const gap = fault && column.gap === "" && i > 0 ? " " : column.gap;
      // A line does not end with blanks before an empty last cell.
      if (length === 0 && i === columns.length - 1 && gap.trim() === "") break;
      line.add(gap);
      const width = column.takesSlack ? column.width - slack : column.width;
      if (even === undefined)
        line.addAligned(content, length, width, column.cellWidth === undefined ? column.align : "left");
      else {
        line.addEvenly(lineOf(content), even, column.align);
        line.addAligned("", length, width, "left");
      }
      slack = Math.max(0, length - width);
    }
    if (isLast && end !== undefined) line.add(end);
    return line.end();
  }

  data(row: Row): Json {
    return dataOf(this.prepared.columns, row);
  }
}

/** A row whose data and lines are computed when needed. A class for the same reason as `LazyRecord`. */
class RowRecord<Row> {
  readonly kind = "record";
  unread: Fault | undefined;
  private readonly layout: TableLayout<Row>;
  private readonly row: Row;

  constructor(layout: TableLayout<Row>, row: Row) {
    this.layout = layout;
    this.row = row;
  }

  get fields(): Fields {
    return this.layout.fields;
  }

  get data(): Json {
    return this.layout.data(this.row);
  }

  get lines(): readonly Line[] {
    try {
      return this.layout.lines(this.row);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      this.unread = error;
      return [[faultSpan(error)]];
    }
  }
}

/**
 * A row that computes its data and its lines once and keeps them. It is a class because a command can keep thousands of
 * them.
 */
class KeptRow<Row> extends RowRecord<Row> {
  private madeData: Json | undefined;
  private madeLines: readonly Line[] | undefined;

  override get data(): Json {
    return (this.madeData ??= super.data);
  }

  override get lines(): readonly Line[] {
    return (this.madeLines ??= super.lines);
  }
}

interface FormParts {
  /** Lines before and after the form's. */
  readonly before?: () => readonly Line[];
  readonly after?: () => readonly Line[];
  /** Whether an unreadable value makes the answer incomplete (`Piece.unread`). */
  readonly isAnswer?: boolean;
}

/** Makes one record with a line per value, each after its label. */
export function form<Row>(machine: Machine, declared: Form<Row>, row: Row, parts: FormParts = {}): Piece {
  const { before = () => [], after = () => [], isAnswer = false } = parts;
  const columns = cellColumns(declared.columns);
  const unread = isAnswer ? firstFault(columns.map((column) => valueOf(column, row))) : undefined;
  return lazyRecord(
    () => dataOf(columns, row),
    () => [...before(), ...formLines(machine, declared, row), ...after()],
    { fields: declared.columns, unread },
  );
}

/** Returns the lines of a form: one per value that exists or has a text for its absence. */
export function formLines<Row>(machine: Machine, { columns, width, gap = ": " }: Form<Row>, row: Row): Line[] {
  return cellColumns(columns).flatMap((column): Line[] => {
    const { title, gap: own = gap } = column.declared;
    if (title === undefined) return [];
    const value = valueOf(column, row);
    if ((value === undefined || value === null) && column.absent === undefined) return [];
    const line = lineOf(cellText(digits(machine), column, row, value));
    return [[{ as: "title", text: title.padStart(width) }, own, ...line]];
  });
}

/** Returns the data of a form or of any columns, for commands with their own layout. */
export const recordData = <Row>(
  columns: { readonly [key: string]: Column<Row> },
  row: Row,
): { readonly [key: string]: Json } => dataOf(cellColumns(columns), row);
