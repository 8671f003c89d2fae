/** Lays out tables and forms: widths, padding, headings. */
import { attempt, Fault } from "../base/fault.ts";
import { padHex } from "../base/hex.ts";
import { type Cell, faultCell } from "../say/cell.ts";
import {
  addressJson,
  type Json,
  type Line,
  lazyRecord,
  type Piece,
  type Pieces,
  type Span,
  spanText,
  text,
} from "../say/piece.ts";
import type { Align, Column, Form, Kind, Table } from "../say/table.ts";
import { center, left, middle, right } from "./pad.ts";

/** The machine whose addresses are shown. */
export interface Machine {
  readonly arch: { readonly wordSize: number };
}

const aligned: Readonly<Record<Align, (span: Span, width: number) => Span[]>> = { left, right, middle, center };

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
  private readonly widths = new Map<Column<Row>, number>();

  constructor(machine: Machine, declared: Table<Row>) {
    this.machine = machine;
    this.declared = declared;
    this.columns = Object.entries(declared.columns);
    this.shown = this.columns.map(([, column]) => column).filter(({ title }) => title !== undefined);
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
      const lengths = rows.map((row) => lengthOf(cellOf(this.machine, column, row).span));
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
    for (const [i, column] of this.shown.entries()) {
      const { title = "", titleAlign = isAddress(column.kind) ? "middle" : alignOf(column) } = column;
      const width = column.titleWidth ?? this.widths.get(column) ?? 0;
      all += (column.titleGap ?? this.gapBefore(column, i)) + aligned[titleAlign](title, width).map(spanText).join("");
    }
    return [{ as: "title", text: all }];
  }

  /** @param below lines that stand under the row, of values that its columns hold without a title */
  row(row: Row, below: () => readonly Line[] = () => []): Piece {
    return lazyRecord(
      () => this.data(row),
      () => [this.line(row), ...below()],
      { fields: this.declared.columns },
    );
  }

  line(row: Row): Line {
    const { mark, end } = this.declared;
    const line: Span[] = mark ? [mark.of(row)] : [];
    let slack = 0;
    for (const [i, column] of this.shown.entries()) {
      const { span } = cellOf(this.machine, column, row);
      const gap = this.gapBefore(column, i);
      // No blanks part a line from a last cell that is empty.
      if (i === this.shown.length - 1 && spanText(span) === "" && gap.trim() === "") break;
      if (gap !== "") line.push(gap);
      const width = (this.widths.get(column) ?? 0) - (column.takesSlack ? slack : 0);
      line.push(...aligned[alignOf(column)](span, width));
      slack = Math.max(0, spanText(span).length - width);
    }
    if (end !== undefined) line.push(end);
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
  const spans = isAnswer ? columns.map(([, column]) => cellOf(machine, column, row).span) : [];
  const unread = spans.flatMap((span) => (typeof span === "object" && span.as === "fault" ? [span.fault] : []))[0];
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
    const { span, json } = cellOf(machine, column, row);
    if (json === null && column.absent === undefined) return [];
    return [[{ as: "title", text: column.title.padStart(width) }, column.gap ?? gap, span]];
  });
}

const isAddress = (kind: Kind): boolean => kind === "address" || kind === "task";

const alignOf = ({ align, kind }: Pick<Column<never>, "align" | "kind">): Align =>
  align ?? (kind === "number" || kind === "integer" || kind === "nanoseconds" ? "right" : "left");

/** A fault pushes no other column away. */
const lengthOf = (span: Span): number => (typeof span === "object" && span.as === "fault" ? 0 : spanText(span).length);

function dataOf<Row>(machine: Machine, columns: readonly (readonly [string, Column<Row>])[], row: Row): Json {
  const data: Record<string, Json> = {};
  for (const [key, column] of columns) data[key] = cellOf(machine, column, row).json;
  return data;
}

/** The value of a column in a row, to people and to programs. */
export function cellOf<Row>(machine: Machine, column: Column<Row>, row: Row): Cell {
  const value = attempt(() => column.value(row));
  if (value instanceof Fault) return faultCell(value);
  if (value === undefined || value === null) {
    const { absent = "" } = column;
    return { span: typeof absent === "function" ? absent(row) : absent, json: null };
  }
  // The column's kind says what its value is: the two come from one declaration.
  const shown = column.text as ((value: unknown, row: Row) => Span) | undefined;
  const span = attempt(() => (shown ? shown(value, row) : plainSpan(machine, column.kind, value)));
  return { span: span instanceof Fault ? faultCell(span).span : span, json: jsonOf(column.kind, value) };
}

function plainSpan(machine: Machine, kind: Kind, value: unknown): Span {
  if ((kind !== "address" && kind !== "task") || typeof value !== "bigint") return String(value);
  return { as: kind, text: padHex(value, digits(machine)), address: value };
}

function jsonOf(kind: Kind, value: unknown): Json {
  if (typeof value !== "bigint") return value as Json;
  return isAddress(kind) ? addressJson(value) : value.toString();
}
