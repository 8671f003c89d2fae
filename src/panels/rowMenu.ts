/** The context menu of a table's rows. */
import type { GridCell, GridColumn } from "../protocol/grid.ts";
import { ask } from "./host.ts";
import { followLink } from "./links.ts";
import { contextMenuPoint, openMenu, type MenuGroups, type MenuItem } from "./menu.ts";
import { cellText, columnHeading, type GridRow, markdownTable, type TableRows } from "./rows.ts";

/** What a page does with a row of its table, besides what every table can do. */
export interface RowActions {
  /** Limits the table to rows with this value in the column. */
  readonly filterBy?: (column: number, cell: GridCell) => void;
  /** Returns what shows how often each value of the column occurs; undefined if not all values are known. */
  readonly count?: (column: number) => (() => void) | undefined;
  /** Keeps a row at the top of the table, or no longer. Undefined for rows that have a fixed place. */
  readonly pin?: (row: number) => void;
  readonly isPinned?: (row: number) => boolean;
  /** Returns the C expression of the struct that a row is about. */
  readonly struct?: (row: number) => string | undefined;
  /** Returns the command line that prints the layout of the struct that a row is about, with values and holes. */
  readonly layout?: (row: number) => string | undefined;
}

/** The row and the cell under the mouse or the cursor. */
export interface MenuPlace {
  readonly columns: readonly GridColumn[];
  readonly cells: GridRow;
  readonly row: number;
  readonly column: number;
  /** The rows to copy: the selected ones, if the menu is opened within the selection. */
  readonly copied: readonly GridRow[];
  /** Returns the text of these rows, with tabs between cells. */
  readonly text: () => string;
  /** The element that shows an error. */
  readonly element: Element;
}

interface TablePlace {
  readonly row: number;
  readonly column: number;
  readonly shown: TableRows;
  readonly selected: { readonly first: number; readonly last: number } | undefined;
  /** Returns the text of a row. */
  readonly text: (row: number) => string;
  /** The cell. */
  readonly element: Element;
  /** Gets the keyboard focus afterwards. */
  readonly from: HTMLElement;
  readonly owner: { readonly label: string; readonly actions?: RowActions };
}

/** Opens the menu of a cell. @param mouse undefined if it is opened by key, which places it below the cell */
export function openRowMenu(
  { row, column, shown, selected, text, element, from, owner }: TablePlace,
  mouse?: MouseEvent,
): void {
  const isWithin = selected && row >= selected.first && row <= selected.last;
  const [first, end] = isWithin ? [selected.first, selected.last + 1] : [row, row + 1];
  const groups = rowMenu(
    {
      columns: shown.columns,
      cells: shown.rows[row] ?? [],
      row,
      column,
      copied: shown.rows.slice(first, end),
      text: () => Array.from({ length: end - first }, (_, i) => text(first + i)).join("\n"),
      element,
    },
    owner.actions ?? {},
  );
  openMenu(groups, contextMenuPoint(element, mouse), from, owner.label);
}

/** Returns the items of the menu: copying, going on, and arranging the table. */
export function rowMenu(place: MenuPlace, actions: RowActions): MenuGroups {
  return [copyItems(place), goItems(place, actions), tableItems(place, actions)];
}

function copyItems({ columns, cells, column, copied, text }: MenuPlace): MenuItem[] {
  const cell = cells[column] ?? null;
  const value = addressIn(cell) ?? cellText(cell);
  const isAddress = addressIn(cell) !== undefined;
  const rows = copied.length > 1 ? `${copied.length} Rows` : "Row";
  const copy = (label: string, of: () => string): MenuItem => ({ label, run: () => void ask("copy", { text: of() }) });
  return [
    ...(value === "" ? [] : [copy(isAddress ? "Copy Address" : "Copy Value", () => value)]),
    copy(`Copy ${rows}`, text),
    copy(`Copy ${rows} as Markdown`, () => markdownTable(columns, copied)),
  ];
}

function goItems({ columns, cells, row, column, element }: MenuPlace, { struct, layout }: RowActions): MenuItem[] {
  const task = taskOf(columns, cells);
  const clicked = addressIn(cells[column] ?? null);
  const address = clicked ?? cells.map((cell) => addressIn(cell)).find((one) => one !== undefined);
  const isTask = columns[column]?.kind === "task" || (clicked === undefined && address === task);
  const object = struct?.(row) ?? (isTask && address !== undefined ? `*(struct task_struct *)${address}` : address);
  const line = layout?.(row);
  return [
    ...(object === undefined
      ? []
      : [
          item("Open as Struct", () => followLink("object", object, element)),
          item("Open as Struct Beside", () => void ask("openObject", { text: object, beside: true })),
        ]),
    ...(line === undefined ? [] : [item("Show Layout", () => followLink("table", line, element))]),
    ...(address === undefined
      ? []
      : [
          item("View Memory", () => void ask("viewMemory", { address })),
          item("Find Pointers to This", () => followLink("table", `search -k ${address.slice(2)}`, element)),
        ]),
    ...(task === undefined ? [] : [item("Go to Task", () => followLink("task", task, element))]),
  ];
}

function tableItems(
  { columns, cells, row, column }: MenuPlace,
  { filterBy, count, pin, isPinned }: RowActions,
): MenuItem[] {
  const cell = cells[column] ?? null;
  const heading = columns[column] && columnHeading(columns[column]);
  const counting = count?.(column);
  const canFilter = filterBy && heading !== undefined && cellText(cell) !== "" && !cellText(cell).includes('"');
  return [
    ...(canFilter ? [item(`Filter by This ${heading}`, () => filterBy(column, cell))] : []),
    ...(counting && heading !== undefined ? [item(`Count Values of ${heading}`, counting)] : []),
    ...(pin ? [item(isPinned?.(row) === true ? "Unpin Row" : "Pin Row", () => pin(row))] : []),
  ];
}

const item = (label: string, run: () => void): MenuItem => ({ label, run });

/** Returns the address that a cell is or begins with; undefined for others. */
export function addressIn(cell: GridCell): string | undefined {
  return typeof cell === "string" ? /^0x[0-9a-f]{6,16}\b/.exec(cell)?.[0] : undefined;
}

/** Returns the task of a row: the address of its `task_struct`, else its PID. */
function taskOf(columns: readonly GridColumn[], cells: GridRow): string | undefined {
  const task = cells[columns.findIndex(({ kind }) => kind === "task")];
  if (typeof task === "string") return task;
  const pid = cells[columns.findIndex(({ name }) => name === "pid")];
  return typeof pid === "number" && pid > 0 ? String(pid) : undefined;
}
