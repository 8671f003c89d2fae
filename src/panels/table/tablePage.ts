/** What a table needs of its page. */
import type { GridCell } from "../../protocol/grid.ts";
import type { RowActions } from "../rowMenu.ts";

/** Height of a row in pixels, as in VS Code's own lists. panels.css has the same value. */
export const ROW_HEIGHT = 22;

/** What a page knows of a row besides its cells: a template. */
export type MoreOfRow = (row: number) => Promise<unknown>;

/** The page that contains the table and provides its rows. */
export interface TablePage {
  readonly element: HTMLElement;
  readonly label: string;
  draw(): void;
  /** Undefined if the rows have a fixed order. */
  readonly sortBy?: (column: number) => void;
  /** Opens or closes a row of an outline. */
  readonly toggle?: (row: number) => void;
  readonly actions?: RowActions;
  /** Returns what the preview of a row shows besides its cells. Undefined: there is no preview. */
  readonly preview?: MoreOfRow;
  /** Returns a cell with a special format; undefined for the usual one. */
  readonly cell?: (cell: GridCell, column: number, row: number) => unknown;
}
