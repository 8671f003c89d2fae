/** A command's records as tables. Values are those of `--json`; a fault replaces its value. */
export interface Grid {
  /** Most commands have one table; those that list two kinds of things have two. */
  readonly tables: readonly GridTable[];
  /** Sentences that the command printed besides its rows, and what it could not read. */
  readonly remarks: readonly string[];
  /** What the command omits, and the command that includes it. */
  readonly omissions: readonly GridOmission[];
  /** Whether there were more records than a table can hold. */
  readonly more: boolean;
}

export interface GridOmission {
  readonly sentence: string;
  readonly all: { readonly title: string; readonly line: string };
}

export interface GridTable {
  readonly columns: readonly GridColumn[];
  /** As many cells as `columns`. */
  readonly rows: readonly (readonly GridCell[])[];
}

export interface GridColumn {
  /** Key of the record; for nested records a path separated by dots. */
  readonly name: string;
  /** Kind of the cells: "address", "task" and "symbol" are links. */
  readonly kind: "address" | "task" | "symbol" | "number" | "text";
  /** Unit or format of its numbers, if known. */
  readonly unit?: Unit;
}

export type Unit =
  "bytes" | "kibibytes" | "pages" | "seconds" | "nanoseconds" | "jiffies" | "octal" | "hex" | "percent" | "date";

/** Addresses are strings of `0x` and 16 digits, C values of 64-bit types decimal strings. */
export type GridCell = null | boolean | number | string | FaultCell;

/** Why a value cannot be read. */
export interface FaultCell {
  /** Kind of the fault: "excluded", "missing", "truncated", "unmapped", "corrupt" or "unknown". */
  readonly fault: string;
  readonly address: string | null;
  readonly message: string;
}
