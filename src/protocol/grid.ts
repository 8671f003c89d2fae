/** What a command's records say, as tables. Values are those of `--json`; a fault takes its value's place. */
export interface Grid {
  /** Most commands have one; those that list two kinds of things have two. */
  readonly tables: readonly GridTable[];
  /** What the command said beside its rows and what it could not say, in sentences. */
  readonly remarks: readonly string[];
  /** What the command leaves out, and the command line that leaves it in. */
  readonly omissions: readonly GridOmission[];
  /** There were more records than a table holds. */
  readonly more: boolean;
}

export interface GridOmission {
  /** A sentence. */
  readonly said: string;
  readonly all: { readonly title: string; readonly line: string };
}

export interface GridTable {
  readonly columns: readonly GridColumn[];
  /** As long as `columns` each. */
  readonly rows: readonly (readonly GridCell[])[];
}

export interface GridColumn {
  /** The record's key; of records within records joined by dots. */
  readonly name: string;
  /** What its cells are: "address", "task" and "symbol" lead somewhere. */
  readonly kind: "address" | "task" | "symbol" | "number" | "text";
  /** What its numbers count, or how they are written, where that is known. */
  readonly unit?: Unit;
}

export type Unit =
  "bytes" | "kibibytes" | "pages" | "seconds" | "nanoseconds" | "jiffies" | "octal" | "hex" | "percent" | "date";

/** Addresses are strings of `0x` and 16 digits, C values of 64-bit types decimal strings. */
export type GridCell = null | boolean | number | string | FaultCell;

/** Why a value cannot be read. */
export interface FaultCell {
  /** Its kind: "excluded", "missing", "truncated", "unmapped", "corrupt" or "unknown". */
  readonly fault: string;
  readonly address: string | null;
  readonly message: string;
}
