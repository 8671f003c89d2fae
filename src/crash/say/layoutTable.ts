/** The layout of a struct as a table: offsets, sizes, holes and cache lines, with the values of an object. */
import { bare, type StructType } from "../../debuginfo/ctype.ts";
import { cacheLineSize } from "../../linux/sched/cpu.ts";
import type { FormatOptions } from "../../model/format.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import { type LayoutPart, typeLayout } from "../../model/typeLayout.ts";
import { typeName } from "../../model/typeName.ts";
import { TableLayout } from "../../render/layout.ts";
import { indent } from "../../render/pad.ts";
import { type Json, lazyRecord, lineText, type Piece, text, type Pieces } from "../../say/piece.ts";
import type { Column, Fields } from "../../say/table.ts";
import type { StructReference } from "./structView.ts";
import { valueCell, valueKind } from "./valueCell.ts";
import { valueJson } from "./valueJson.ts";

interface LayoutRow extends LayoutPart {
  /** The member of the object; undefined without an object, and for blocks and holes. */
  readonly object: Obj | undefined;
  /** Address of the part; undefined without an object. */
  readonly address: bigint | undefined;
  readonly cacheLine: number;
}

/** Whether a part begins and ends at a byte boundary and is not a bit-field. */
const isOfBytes = ({ bitOffset, bits, member }: LayoutPart): boolean =>
  bitOffset % 8 === 0 && bits % 8 === 0 && member?.bitSize === undefined;

const bytesOf = (bits: number): number => bits >> 3;

/** Formats a size in bits: `8`, or `3 bits` if it is not a whole number of bytes. */
const sizeText = (part: LayoutPart): string =>
  isOfBytes(part) ? String(part.bits / 8) : `${part.bits} bit${part.bits === 1 ? "" : "s"}`;

/** Formats an offset: `16`, or `16:3` for the fourth bit of that byte. */
const offsetText = (part: LayoutPart): string =>
  isOfBytes(part) ? String(bytesOf(part.bitOffset)) : `${bytesOf(part.bitOffset)}:${part.bitOffset % 8}`;

const shownName = ({ kind, path, depth }: LayoutPart): string => {
  if (kind === "hole" || kind === "padding") return `${indent(2 * depth)}(${kind})`;
  // A path at depth 0 is one that the command line names.
  return depth === 0 ? path : indent(2 * depth) + path.slice(path.lastIndexOf(".") + 1);
};

/** The columns of `struct --table` without a list of structs. */
const layoutColumns = {
  kind: { kind: "text", about: "member, block (its members follow), hole or padding", value: ({ kind }) => kind },
  offset: {
    kind: "number",
    title: "OFFSET",
    unit: "bytes",
    width: "rows",
    value: ({ bitOffset }) => bytesOf(bitOffset),
    text: (_, row) => offsetText(row),
  },
  size: {
    kind: "number",
    title: "SIZE",
    unit: "bytes",
    about: "a bit-field has `bits` instead",
    width: "rows",
    value: (part) => (isOfBytes(part) ? part.bits / 8 : undefined),
    absent: sizeText,
  },
  type: {
    kind: "text",
    title: "TYPE",
    width: "rows",
    value: ({ member }) => member && typeName(member.type),
  },
  member: {
    kind: "text",
    title: "MEMBER",
    width: "rows",
    value: ({ path }) => path,
    text: (_, row) => (row.member ? shownName(row) : { as: "dim", text: shownName(row) }),
  },
} satisfies Record<string, Column<LayoutRow>>;

/** Columns for programs, after those for people. */
const MORE = {
  bit: {
    kind: "number",
    about: "first bit in that byte, of a bit-field",
    value: (part) => (isOfBytes(part) ? undefined : part.bitOffset % 8),
  },
  bits: { kind: "number", value: (part) => (isOfBytes(part) ? undefined : part.bits) },
  cache_line: { kind: "number", about: "counted from the one with the struct's start", value: (row) => row.cacheLine },
  address: { kind: "address", value: ({ address }) => address },
} satisfies Record<string, Column<LayoutRow>>;

const valueColumn = (options: FormatOptions): Record<string, Column<LayoutRow>> => ({
  value: {
    kind: "data",
    title: "VALUE",
    value: ({ object }) => object && (() => valueData(object, options)),
    text: (_, { object }) => (object ? valueCell(object, options) : ""),
  },
});

/** Maximum length of a struct or an array in data, in characters. */
const MAX_DATA = 1000;

/** Returns the data of a value. Structs and arrays are text, because a table has one cell for each value. */
function valueData(object: Obj, options: FormatOptions): Json {
  const isWhole = valueKind(object.type) !== "data";
  return isWhole ? valueJson(object) : lineText(valueCell(object, options, MAX_DATA));
}

/** The columns of a struct without values. Lines end after the name of the member. */
const WITHOUT_VALUES: Record<string, Column<LayoutRow>> = {
  ...layoutColumns,
  member: { ...layoutColumns.member, width: 0 },
  ...MORE,
};

/** The fields of the rows, and of the sums in the last record. */
export const layoutFields: Fields = {
  ...layoutColumns,
  value: { kind: "data", about: "with an address: as `struct` gives it, structs and arrays as text" },
  ...MORE,
};

const SUMS: Fields = {
  cache_lines: { kind: "number" },
  cache_line_size: { kind: "number", unit: "bytes" },
  struct_size: { kind: "number", unit: "bytes" },
  members: { kind: "number" },
  holes: { kind: "number", about: "those of whole bytes" },
  hole_bytes: { kind: "number", unit: "bytes" },
  bit_holes: { kind: "number" },
  bit_hole_bits: { kind: "number" },
  padding_bits: { kind: "number" },
};

/**
 * Prints the layout of a struct, or of the selected members.
 *
 * @param object adds the values of an object. The limits of cache lines are then those of its address; else the struct
 *   is assumed to start at one
 */
export function* layoutTable(kernel: Kernel, reference: StructReference, options: FormatOptions, object?: Obj): Pieces {
  const type = bare(reference.type);
  if (type.kind !== "struct" && type.kind !== "union") return;
  const line = cacheLineSize(kernel);
  const start = object === undefined ? 0 : Number(object.address % BigInt(line));
  const rows = rowsOf(kernel, type, reference, object).map((row) => ({
    ...row,
    cacheLine: Math.floor((start + bytesOf(row.bitOffset)) / line),
  }));
  const columns = object ? { ...layoutColumns, ...valueColumn(options), ...MORE } : WITHOUT_VALUES;
  const layout = new TableLayout<LayoutRow>(kernel, { columns, gap: "  " });
  layout.fit(rows);
  yield layout.heading();
  let reached = 0;
  for (const row of rows) {
    const began = row.cacheLine * line - start;
    if (row.cacheLine > reached && reference.members.length === 0) yield boundary(row, began);
    reached = Math.max(reached, row.cacheLine);
    yield layout.row(row);
  }
  if (reference.members.length === 0) yield sums(type, rows, start, line);
}

function boundary({ cacheLine, bitOffset }: LayoutRow, began: number) {
  const where = bytesOf(bitOffset) === began ? "" : ", within the member above";
  return text([{ as: "dim", text: `--- cache line ${cacheLine} begins at offset ${began}${where} ---` }]);
}

function rowsOf(
  kernel: Kernel,
  type: StructType,
  { members }: StructReference,
  object: Obj | undefined,
): Omit<LayoutRow, "cacheLine">[] {
  const placed = (part: LayoutPart) => ({
    ...part,
    address: object && object.address + BigInt(bytesOf(part.bitOffset)),
    object:
      part.kind === "member" && part.member ? object?.part({ ...part.member, bitOffset: part.bitOffset }) : undefined,
  });
  if (members.length === 0) return [...typeLayout(type)].map(placed);
  return members.map((path) => {
    const member = kernel.object(type, 0n).at(path);
    const bitOffset = member.bitField?.offset ?? 0;
    const bits = member.bitField?.size;
    const part = {
      kind: "member" as const,
      depth: 0,
      path,
      bitOffset: Number(member.address) * 8 + bitOffset,
      bits: bits ?? member.size * 8,
      member: { name: path, type: member.type, bitOffset, bitSize: bits },
    };
    return { ...placed(part), object: object?.at(path) };
  });
}

/**
 * Returns the last record: the number of members, and the sizes of the gaps between them. Parts of nested structs do
 * not count.
 */
function sums(type: StructType, rows: readonly LayoutRow[], start: number, line: number): Piece {
  const topLevel = rows.filter(({ depth }) => depth === 0);
  const holes = topLevel.filter(({ kind }) => kind === "hole");
  const byteHoles = holes.filter(isOfBytes);
  const bitHoles = holes.filter((hole) => !isOfBytes(hole));
  const padding = topLevel.filter(({ kind }) => kind === "padding");
  const data = {
    cache_lines: Math.max(1, Math.ceil((start + type.size) / line)),
    cache_line_size: line,
    struct_size: type.size,
    members: topLevel.length - holes.length - padding.length,
    holes: byteHoles.length,
    hole_bytes: bitsIn(byteHoles) / 8,
    bit_holes: bitHoles.length,
    bit_hole_bits: bitsIn(bitHoles),
    padding_bits: bitsIn(padding),
  };
  const gaps = [
    `holes: ${data.holes}${data.holes > 0 ? ` (${data.hole_bytes} bytes)` : ""}`,
    ...(bitHoles.length > 0 ? [`bit holes: ${data.bit_holes} (${data.bit_hole_bits} bits)`] : []),
    ...(padding.length > 0
      ? [`padding: ${data.padding_bits % 8 === 0 ? `${data.padding_bits / 8} bytes` : `${data.padding_bits} bits`}`]
      : []),
  ];
  const head = `size: ${type.size}, members: ${data.members}, cache lines of ${line} bytes: ${data.cache_lines}`;
  return lazyRecord(
    () => data,
    () => [[head], [gaps.join(", ")]],
    { fields: SUMS },
  );
}

const bitsIn = (parts: readonly LayoutPart[]): number => parts.reduce((sum, { bits }) => sum + bits, 0);
