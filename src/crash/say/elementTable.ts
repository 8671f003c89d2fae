/** Structs of one kind as a table: a row per struct, a column per member. */
import { Fault } from "../../base/fault.ts";
import { bare } from "../../debuginfo/ctype.ts";
import type { FormatOptions } from "../../model/format.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import { TableLayout } from "../../render/layout.ts";
import { text, type Piece, type Pieces } from "../../say/piece.ts";
import type { Column } from "../../say/table.ts";
import type { StructReference } from "./structView.ts";
import { columnValue, valueCell, valueKind } from "./valueCell.ts";

/** A row: an address, and the structs there, one per `StructReference`. */
export interface ElementRow {
  readonly address: bigint;
  readonly objects: readonly Obj[];
  /** The CPU of a copy of a per-CPU struct. */
  readonly cpu?: number;
}

/** Number of rows that are read before the first is printed, because they determine the widths of the columns. */
const ROWS_FOR_WIDTH = 500;

/** Maximum number of columns of a struct of which no members are selected. */
const MAX_COLUMNS = 16;

/**
 * Prints rows as they are read. A fault of a row's value is in its cell; a fault between rows, such as a broken link, is
 * thrown after the rows before it.
 */
export function* elementTable(
  kernel: Kernel,
  references: readonly StructReference[],
  rows: Iterable<ElementRow>,
  options: FormatOptions,
): Pieces {
  const { columns, omitted } = columnsOf(kernel, references, options);
  let layout: TableLayout<ElementRow> | undefined;
  let first: ElementRow[] = [];
  const printed = function* (): Generator<Piece> {
    const hasCpu = first.some(({ cpu }) => cpu !== undefined);
    layout = new TableLayout(kernel, { columns: hasCpu ? { ...CPU, ...columns } : columns, gap: "  " });
    layout.fit(first);
    yield layout.heading();
    for (const row of first) yield layout.row(row);
    first = [];
  };
  try {
    for (const row of rows) {
      if (layout) yield layout.row(row);
      else if (first.push(row) === ROWS_FOR_WIDTH) yield* printed();
    }
  } catch (error) {
    if (error instanceof Fault && first.length > 0) yield* printed();
    throw error;
  }
  if (first.length > 0) yield* printed();
  if (!layout) yield text("(empty)");
  else if (omitted > 0) yield text(`${omitted} more members have no column: name members to select them`);
}

const CPU: Record<string, Column<ElementRow>> = {
  cpu: { kind: "number", title: "CPU", width: "rows", value: ({ cpu }) => cpu },
};

/** Returns a column per member, and the number of members that have none. */
function columnsOf(kernel: Kernel, references: readonly StructReference[], options: FormatOptions) {
  const columns: Record<string, Column<ElementRow>> = {
    address: { kind: "address", title: "ADDRESS", titleAlign: "left", value: ({ address }) => address },
  };
  let omitted = 0;
  for (const [at, reference] of references.entries()) {
    const { type, name, members } = reference;
    const all = members.length > 0 ? members : namedMembers(type);
    const paths = members.length > 0 ? all : all.slice(0, MAX_COLUMNS);
    omitted += all.length - paths.length;
    for (const path of paths) {
      const key = path in columns ? `${name}.${path}` : path;
      columns[key] = memberColumn(path, valueKind(kernel.object(type, 0n).at(path).type), at, options);
    }
  }
  return { columns, omitted };
}

function memberColumn(
  path: string,
  kind: ReturnType<typeof valueKind>,
  at: number,
  options: FormatOptions,
): Column<ElementRow> {
  const member = ({ objects }: ElementRow): Obj => objects[at]!.at(path);
  return {
    kind,
    title: path,
    width: "rows",
    ...(kind === "address" && { titleAlign: "left" }),
    value: (row: ElementRow) => columnValue(member(row)),
    text: (_: unknown, row: ElementRow) => valueCell(member(row), options),
  } as Column<ElementRow>;
}

/** Returns the members with a name, also those of anonymous structs and unions. */
function namedMembers(type: StructReference["type"], depth = 0): string[] {
  const struct = bare(type);
  if ((struct.kind !== "struct" && struct.kind !== "union") || depth > 32) return [];
  return struct.members.flatMap((member) =>
    member.name === undefined ? namedMembers(member.type, depth + 1) : [member.name],
  );
}
