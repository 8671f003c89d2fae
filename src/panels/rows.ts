import { regularExpression } from "../base/regularExpression.ts";
import { demangleRustIn } from "../base/rust/demangle.ts";
import type { FaultCell, GridCell, GridColumn, GridTable } from "../protocol/grid.ts";
import type { Panel } from "../protocol/panel.ts";
import { unitText } from "./units.ts";
import type { Place } from "./outline.ts";

/** Sorting, filtering and wording of a table's rows: no DOM. */

export type Row = readonly GridCell[];

export interface Order {
  readonly column: number;
  readonly descending: boolean;
}

/** As lists sort everywhere: up, then down, then as the kernel has it. */
export function nextOrder(order: Order | undefined, column: number): Order | undefined {
  if (order?.column !== column) return { column, descending: false };
  return order.descending ? undefined : { column, descending: true };
}

/** A cell as its column shows it. */
export const shownText = (cell: GridCell, { unit }: Pick<GridColumn, "unit">): string =>
  unitText(cell, unit) ?? cellText(cell);

/** What a search looks in: Rust's symbols as they are shown, and as the kernel has them. */
function searchedText(cell: GridCell): string {
  const text = cellText(cell);
  const shown = demangleRustIn(text);
  return shown === text ? text : `${shown}\n${text}`;
}

/** A cell as text, numbers as they are. */
export function cellText(cell: GridCell): string {
  if (cell === null) return "";
  if (typeof cell === "object") return `<${faultText(cell)}>`;
  if (typeof cell === "boolean") return cell ? "yes" : "no";
  if (typeof cell === "number" && !Number.isInteger(cell)) return cell.toFixed(3);
  return String(cell);
}

/** `0xffff888000001000: page excluded from dump` */
const faultText = ({ address, message }: FaultCell): string => (address === null ? message : `${address}: ${message}`);

/** `superBlock` → `Super block`, `pid` → `PID`: keys of records as headings. */
export function heading(name: string): string {
  const words = name
    .replace(/([a-z\d])([A-Z])/g, "$1 $2")
    .replace(/_ns$/, "")
    .replace(/[._-]/g, " ")
    .split(" ");
  const shown = words.map((word) => (ACRONYMS.has(word.toLowerCase()) ? word.toUpperCase() : word.toLowerCase()));
  const [first = "", ...rest] = shown;
  return [first.charAt(0).toUpperCase() + first.slice(1), ...rest].join(" ");
}

/** The heading of a column, with the unit that its cells do not name. */
export const columnHeading = ({ name, unit }: GridColumn): string =>
  unit === "jiffies" ? `${heading(name)} (${unit})` : heading(name);

const ACRONYMS = new Set(["pid", "ppid", "tgid", "cpu", "cpus", "fd", "id", "uid", "gid", "irq", "vsz", "rss", "pfn"]);

/** Rows in the order of a column: numbers as numbers, what has no value and what cannot be read last. */
export function sorted(rows: readonly Row[], { column, descending }: Order, kind: GridColumn["kind"]): readonly Row[] {
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

/** A number that orders as the value does, for addresses too, which a double cannot hold. */
function numberKey(cell: GridCell): number | bigint | undefined {
  if (typeof cell === "number") return cell;
  if (typeof cell !== "string" || !/^(-?\d+|0x[0-9a-f]+)$/.test(cell)) return undefined;
  return BigInt(cell);
}

/**
 * What of the rows a filter leaves: words, all of which a row must hold; `state:UN` looks in one column,
 * `/expression/` is a regular expression.
 * @returns undefined for an expression that is none
 */
export function filterOf(text: string, columns: readonly GridColumn[]): ((row: Row) => boolean) | undefined {
  const tests: ((row: Row) => boolean)[] = [];
  for (const word of text.match(/\/(?:[^/\\]|\\.)+\/|\S+/g) ?? []) {
    const test = wordTest(word, columns);
    if (!test) return undefined;
    tests.push(test);
  }
  return (row) => tests.every((test) => test(row));
}

function wordTest(word: string, columns: readonly GridColumn[]): ((row: Row) => boolean) | undefined {
  const pattern = /^\/(.+)\/$/s.exec(word)?.[1];
  if (pattern !== undefined) {
    const expression = regularExpression(pattern, "i");
    return expression && ((row) => row.some((cell) => expression.test(searchedText(cell))));
  }
  const [, name = "", value = ""] = /^([\w.]+):(.*)$/s.exec(word) ?? [];
  const column = columns.findIndex((one) => one.name.toLowerCase() === name.toLowerCase());
  if (column >= 0) return (row) => cellText(row[column] ?? null).toLowerCase() === value.toLowerCase() || value === "";
  const wanted = word.toLowerCase();
  return (row) => row.some((cell) => searchedText(cell).toLowerCase().includes(wanted));
}

/** Rows as a spreadsheet takes them: tabs between cells, which have none themselves. */
export const tabSeparated = (columns: readonly GridColumn[], rows: readonly Row[]): string =>
  [columns.map(({ name }) => name), ...rows.map((row) => row.map(cellText))]
    .map((cells) => `${cells.map((text) => text.replace(/[\t\n\r]+/g, " ")).join("\t")}\n`)
    .join("");

/** Widest cell of a column that is measured, so that one long path does not push the rest away. */
const MAX_WIDTH = 44;

/** A fault is told in full by its title: it does not push the other columns away. */
const MAX_FAULT_WIDTH = 20;

const needed = (cell: GridCell, column: GridColumn): number => {
  const { length } = shownText(cell, column);
  return typeof cell === "object" ? Math.min(length, MAX_FAULT_WIDTH) : length;
};

/** How many characters each column needs, its heading and the sort mark included. */
export const widths = (columns: readonly GridColumn[], rows: readonly Row[]): readonly number[] =>
  columns.map((column, i) => {
    // Headings stand in the proportional font, which needs less than the cells'.
    let width = Math.ceil(columnHeading(column).length * 0.9) + 2;
    for (const row of rows) width = Math.max(width, needed(row[i] ?? null, column));
    return Math.min(width, MAX_WIDTH);
  });

/** A command's table as its panel shows it: what matters first, nothing that no row has. */
export function tableFor({ columns, rows }: GridTable, { lead = [] }: Pick<Panel, "lead">): GridTable {
  const isEmpty = (index: number): boolean => rows.every((row) => (row[index] ?? "") === "");
  const rank = (index: number): number => {
    const at = lead.indexOf(columns[index]?.name ?? "");
    return at < 0 ? lead.length : at;
  };
  const order = [...columns.keys()].filter((i) => !isEmpty(i)).sort((a, b) => rank(a) - rank(b) || a - b);
  return {
    columns: order.flatMap((i) => columns[i] ?? []),
    rows: rows.map((row) => order.map((i) => row[i] ?? null)),
  };
}

/** What a table shows. */
export interface TableRows {
  readonly columns: readonly GridColumn[];
  readonly rows: readonly Row[];
  readonly order?: Order | undefined;
  /** As long as `rows`. */
  readonly outline?: readonly Place[];
  /** The column that takes the room that is left; the last one if it is of text. */
  readonly wide?: number;
}
