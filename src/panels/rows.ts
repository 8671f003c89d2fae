/** Sorts, filters and formats the rows of a table. It does not use the DOM. */
import { markdownText } from "../base/markdown.ts";
import { regularExpression } from "../base/regularExpression.ts";
import { demangleRustIn } from "../base/rust/demangle.ts";
import type { FaultCell, GridCell, GridColumn, GridTable } from "../protocol/grid.ts";
import type { Page } from "../protocol/panel.ts";
import { unitText } from "./units.ts";
import type { OutlinePosition } from "./outline.ts";

/** The cells of a row, one per column. */
export type GridRow = readonly GridCell[];

export interface Order {
  readonly column: number;
  readonly descending: boolean;
}

/**
 * Returns the next order for a click on a heading: ascending, descending, then undefined, which is the order of the
 * kernel. Sizes begin with the largest.
 */
export function nextOrder(
  order: Order | undefined,
  column: number,
  { unit }: Pick<GridColumn, "unit"> = {},
): Order | undefined {
  const first = unit === "bytes" || unit === "kibibytes" || unit === "pages";
  if (order?.column !== column) return { column, descending: first };
  return order.descending === first ? { column, descending: !first } : undefined;
}

/** Returns a cell as its column shows it. */
export const shownText = (cell: GridCell, { unit }: Pick<GridColumn, "unit">): string =>
  unitText(cell, unit) ?? cellText(cell);

/** Returns the text that a search reads. Symbols of Rust are included as shown and mangled. */
function searchedText(cell: GridCell): string {
  const text = cellText(cell);
  const shown = demangleRustIn(text);
  return shown === text ? text : `${shown}\n${text}`;
}

/** Returns a cell as text, with numbers unformatted. */
export function cellText(cell: GridCell): string {
  if (cell === null) return "";
  if (typeof cell === "object") return `<${faultText(cell)}>`;
  if (typeof cell === "boolean") return cell ? "yes" : "no";
  if (typeof cell === "number" && !Number.isInteger(cell)) return cell.toFixed(3);
  return String(cell);
}

/** Returns `0xffff888000001000: page excluded from dump`. */
const faultText = ({ address, message }: FaultCell): string => (address === null ? message : `${address}: ${message}`);

/** Returns the heading for a key of records: `superBlock` → `Super block`, `pid` → `PID`. */
export function keyHeading(name: string): string {
  const words = name
    .replace(/([a-z\d])([A-Z])/g, "$1 $2")
    .replace(/_ns$/, "")
    .replace(/[._-]/g, " ")
    .split(" ");
  const shown = words.map((word) =>
    ACRONYMS.has(word.toLowerCase().replace(/\d+$/, "")) ? word.toUpperCase() : word.toLowerCase(),
  );
  const [first = "", ...rest] = shown;
  return [first.charAt(0).toUpperCase() + first.slice(1), ...rest].join(" ");
}

/** Returns the heading of a column, with the unit if the cells do not have it. */
export const columnHeading = ({ name, unit }: GridColumn): string =>
  unit === "jiffies" && name !== unit ? `${keyHeading(name)} (${unit})` : keyHeading(name);

const ACRONYMS = new Set(["pid", "ppid", "tgid", "cpu", "cpus", "fd", "id", "uid", "gid", "irq", "vsz", "rss", "pfn"]);

/** Sorts rows by a column. Numbers sort by value; empty cells and faults come last. */
export function sorted(
  rows: readonly GridRow[],
  { column, descending }: Order,
  kind: GridColumn["kind"],
): readonly GridRow[] {
  const key = kind === "text" || kind === "symbol" ? textKey : numberKey;
  const keyed = rows.map((row) => ({ row, key: key(row[column] ?? null) }));
  const sign = descending ? -1 : 1;
  keyed.sort((a, b) => {
    if (a.key === undefined || b.key === undefined) return Number(a.key === undefined) - Number(b.key === undefined);
    return a.key < b.key ? -sign : a.key > b.key ? sign : 0;
  });
  return keyed.map(({ row }) => row);
}

const textKey = (cell: GridCell): string | undefined =>
  cell === null || typeof cell === "object" ? undefined : cellText(cell).toLowerCase();

/**
 * Returns the number by which a cell is sorted; undefined if the cell is not a number. Addresses become a bigint,
 * because a double cannot hold them.
 */
function numberKey(cell: GridCell): number | bigint | undefined {
  if (typeof cell === "number") return cell;
  if (typeof cell !== "string" || !/^(-?\d+|0x[0-9a-f]+)$/.test(cell)) return undefined;
  return BigInt(cell);
}

/**
 * Returns the test for a filter: all words must occur in the row, `state:UN` or `what:"two words"` searches one column,
 * `/expression/` is a regular expression. @returns undefined for an invalid expression
 */
export function filterOf(text: string, columns: readonly GridColumn[]): ((row: GridRow) => boolean) | undefined {
  const tests: ((row: GridRow) => boolean)[] = [];
  for (const word of text.match(WORD) ?? []) {
    const test = wordTest(word, columns);
    if (!test) return undefined;
    tests.push(test);
  }
  return (row) => tests.every((test) => test(row));
}

/** A word of a filter: an expression, a column's value in quotes, or text without blanks. */
const WORD = /\/(?:[^/\\]|\\.)+\/|[\w.]+:"[^"]*"|\S+/g;

/** Returns a filter that also limits a column to a value, in place of another value of that column. */
export function filterWith(filter: string, { name }: GridColumn, cell: GridCell): string {
  const others = (filter.match(WORD) ?? []).filter((word) => !word.toLowerCase().startsWith(`${name.toLowerCase()}:`));
  const text = cellText(cell);
  return [...others, `${name}:${/\s/.test(text) ? `"${text}"` : text}`].join(" ");
}

function wordTest(word: string, columns: readonly GridColumn[]): ((row: GridRow) => boolean) | undefined {
  const pattern = /^\/(.+)\/$/s.exec(word)?.[1];
  if (pattern !== undefined) {
    const expression = regularExpression(pattern, "i");
    return expression && ((row) => row.some((cell) => expression.test(searchedText(cell))));
  }
  const [, name = "", quoted, value = quoted ?? ""] = /^([\w.]+):(?:"([^"]*)"|(.*))$/s.exec(word) ?? [];
  const column = columns.findIndex((one) => one.name.toLowerCase() === name.toLowerCase());
  if (column >= 0) return (row) => cellText(row[column] ?? null).toLowerCase() === value.toLowerCase() || value === "";
  const wanted = word.toLowerCase();
  return (row) => row.some((cell) => searchedText(cell).toLowerCase().includes(wanted));
}

/** Returns rows for a spreadsheet, with tabs between the cells. Tabs within cells become spaces. */
export const tabSeparated = (columns: readonly GridColumn[], rows: readonly GridRow[]): string =>
  [columns.map(({ name }) => name), ...rows.map((row) => row.map(cellText))]
    .map((cells) => `${cells.map((text) => text.replace(/[\t\n\r]+/g, " ")).join("\t")}\n`)
    .join("");

/** Returns rows as a table of GitHub's Markdown, without the columns that are empty in all of them. */
export function markdownTable(columns: readonly GridColumn[], rows: readonly GridRow[]): string {
  const filled = [...columns.keys()].filter((i) => rows.some((row) => cellText(row[i] ?? null) !== ""));
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |\n`;
  const headings = filled.map((i) => markdownText(columns[i] ? columnHeading(columns[i]) : ""));
  const marks = filled.map((i) => (columns[i]?.kind === "number" ? "---:" : "---"));
  return [
    line(headings),
    line(marks),
    ...rows.map((row) => line(filled.map((i) => markdownText(cellText(row[i] ?? null).replace(/\s+/g, " "))))),
  ].join("");
}

/** Maximum width in characters, so that a long path does not hide the other columns. 16 bytes in hexadecimal need 47. */
const MAX_WIDTH = 48;

/** Maximum width of a fault in characters. The tooltip has its full text. */
const MAX_FAULT_WIDTH = 20;

const needed = (cell: GridCell, column: GridColumn): number => {
  const { length } = shownText(cell, column);
  return typeof cell === "object" ? Math.min(length, MAX_FAULT_WIDTH) : length;
};

/** Maximum width in characters of the columns beside one that is wrapped, which leave it most of the room. */
const MAX_BESIDE = 20;
/** Maximum width in characters of a column that is not cut. */
const MAX_WHOLE = 400;

/**
 * Returns the width in characters of each column, with its heading and sort mark.
 *
 * @param measured the rows that decide the widths
 */
export function widths(
  columns: readonly GridColumn[],
  measured: readonly GridRow[],
  { wide, wraps = false, isWhole = false }: Pick<TableRows, "wide" | "wraps" | "isWhole"> = {},
): readonly number[] {
  return columns.map((column, i) => {
    let width = columnHeading(column).length + 2;
    for (const row of measured) width = Math.max(width, needed(row[i] ?? null, column));
    const isWide = i === (wide ?? columns.length - 1);
    return Math.min(width, isWide && isWhole ? MAX_WHOLE : wraps && !isWide ? MAX_BESIDE : MAX_WIDTH);
  });
}

/**
 * Returns a command's table as its page shows it: important columns first, empty columns removed. A page that wraps a
 * column shows only the important columns, so that the wrapped one has room.
 */
export function tableFor({ columns, rows }: GridTable, { lead = [], wraps }: Pick<Page, "lead" | "wraps">): GridTable {
  const isEmpty = (index: number): boolean => rows.every((row) => (row[index] ?? "") === "");
  const rank = (index: number): number => {
    const at = lead.indexOf(columns[index]?.name ?? "");
    return at < 0 ? lead.length : at;
  };
  const order = [...columns.keys()]
    .filter((i) => !isEmpty(i) && (wraps === undefined || rank(i) < lead.length))
    .sort((a, b) => rank(a) - rank(b) || a - b);
  return {
    columns: order.flatMap((i) => columns[i] ?? []),
    rows: rows.map((row) => order.map((i) => row[i] ?? null)),
  };
}

/** Returns how a page's table uses the remaining width: the column that is wrapped, or never cut, has it. */
export function wrapping(
  columns: readonly GridColumn[],
  { wraps, whole }: Pick<Page, "wraps" | "whole">,
): Pick<TableRows, "wide" | "wraps" | "isWhole"> {
  const wide = columns.findIndex(({ name }) => name === (wraps ?? whole));
  return wide < 0 ? {} : { wide, ...(wraps === undefined ? { isWhole: true } : { wraps: true }) };
}

/** The contents of a table. */
export interface TableRows {
  readonly columns: readonly GridColumn[];
  readonly rows: readonly GridRow[];
  readonly order?: Order | undefined;
  /** Has the length of `rows`. */
  readonly outline?: readonly OutlinePosition[];
  /** Number of rows at the top that the user pinned. Default: 0. */
  readonly pinned?: number;
  /** The column that fills the remaining width. Default: the last one if it is text. */
  readonly wide?: number;
  /** Whether texts are wrapped and not cut. Then all rows are in the document. */
  readonly wraps?: boolean;
  /** Whether the column that fills the remaining width is never cut. Then the table may be wider than the page. */
  readonly isWhole?: boolean;
}

/** Whether the rows are shown as a table; a single value is shown in the toolbar. */
export const isTable = ({ columns, rows }: GridTable): boolean => columns.length > 1 || rows.length > 1;

/** Returns a single value with its heading. */
export const factText = ({ columns: [column], rows: [row] }: GridTable): string =>
  column ? `${columnHeading(column)} ${cellText(row?.[0] ?? null)}` : "";

/** Returns the name by which a table is chosen among those of a command: its first headings and its length. */
export const tableTitle = ({ columns, rows }: GridTable): string =>
  `${columns.slice(0, 3).map(columnHeading).join(", ")} (${rows.length})`;
