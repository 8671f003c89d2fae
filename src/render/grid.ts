/** Collects pieces into tables for grids. */
import { addressJson, type Json, lineText, type Piece, type Span } from "../say/piece.ts";
import type { FaultCell, Grid, GridCell, GridColumn, GridOmission, GridTable } from "../protocol/grid.ts";
import type { Field, Fields } from "../say/table.ts";

/** Maximum number of rows, because neither a person nor a message can handle more. */
const MAX_ROWS = 250_000;

type Kind = GridColumn["kind"];
type Row = Map<string, GridCell>;

/** Distinguishes kernel addresses from other large numbers. */
export interface Addresses {
  /** Size of a word in bytes. */
  readonly wordSize: number;
  /** Whether a number can be a kernel address, by the start of kernel addresses. */
  isAddress(address: bigint): boolean;
  /** Whether the kernel has memory at an address. */
  isPlace(address: bigint): boolean;
}

/**
 * Collects a command's pieces into tables with a column for each key of the records, typed by their values. Records
 * with the same first key share a table.
 */
export class GridBuilder {
  private readonly tables = new Map<string, TableBuilder>();
  private readonly remarks: string[] = [];
  private readonly omissions: GridOmission[] = [];
  private readonly addresses: Addresses;
  private rows = 0;
  private more = false;

  constructor(addresses: Addresses) {
    this.addresses = addresses;
  }

  /** Adds a piece. @returns whether there is room for more */
  add(piece: Piece): boolean {
    if (piece.kind === "record") this.addRecord(piece);
    else if (piece.kind === "fault") this.remarks.push(...piece.lines.map(lineText));
    else if (piece.kind === "usage") this.remarks.push(piece.message);
    else if (piece.kind === "omission") this.omissions.push({ sentence: piece.sentence, all: piece.all });
    return !this.more;
  }

  private addRecord(piece: Extract<Piece, { kind: "record" }>): void {
    const { data, fields } = piece;
    const [first = "value"] = isObject(data) ? Object.keys(data) : [];
    let table = this.tables.get(first);
    if (!table) this.tables.set(first, (table = new TableBuilder(this.addresses)));
    if (fields) table.declare(fields);
    // If the table is declared, its text is not needed and not made.
    const links = fields ? new Map<string, Kind>() : linksIn(piece.lines.flat());
    for (const row of rowsOf(data)) {
      if (this.rows === MAX_ROWS) this.more = true;
      if (this.more) return;
      table.add(row, links);
      this.rows++;
    }
  }

  end(): Grid {
    const { remarks, omissions, more } = this;
    return { tables: [...this.tables.values()].map((table) => table.end()), remarks, omissions, more };
  }
}

class TableBuilder {
  private readonly declared = new Map<string, Field>();
  private readonly kinds = new Map<string, Kind | undefined>();
  private readonly declaredBy = new Set<Fields>();
  private readonly rows: Row[] = [];
  private readonly addresses: Addresses;

  constructor(addresses: Addresses) {
    this.addresses = addresses;
  }

  /** Takes kinds and units of columns from a declaration. */
  declare(fields: Fields): void {
    if (this.declaredBy.has(fields)) return;
    this.declaredBy.add(fields);
    for (const [name, field] of columnsOf(fields, "")) if (!this.declared.has(name)) this.declared.set(name, field);
  }

  add(row: Row, links: ReadonlyMap<string, Kind>): void {
    this.rows.push(row);
    for (const [name, number] of row) {
      const field = this.declared.get(name);
      const value = field ? number : this.unsigned(number);
      row.set(name, value);
      if (field && field.kind !== "data") {
        this.kinds.set(name, gridKind(field));
        continue;
      }
      const known = this.kinds.get(name);
      const kind = this.kindOf(name, value, links);
      this.kinds.set(name, known === undefined ? kind : kind === undefined ? known : both(known, kind));
    }
  }

  /** Returns a negative number as a kernel address if it is one: the value of a `long` with an address is negative. */
  private unsigned(value: GridCell): GridCell {
    const isNegative = typeof value === "number" ? value < 0 : typeof value === "string" && /^-\d{10,20}$/.test(value);
    if (!isNegative || (typeof value !== "number" && typeof value !== "string")) return value;
    const address = BigInt.asUintN(this.addresses.wordSize * 8, BigInt(value));
    return this.addresses.isPlace(address) ? addressJson(address) : value;
  }

  private kindOf(name: string, value: GridCell, links: ReadonlyMap<string, Kind>): Kind | undefined {
    if (typeof value === "number") return "number";
    if (typeof value === "boolean") return "text";
    if (typeof value !== "string") return undefined;
    const link = links.get(value);
    if (link) return link === "address" && /^task$/i.test(name) ? "task" : link;
    if (!/^(-?\d+|0x[0-9a-f]+)$/.test(value)) return "text";
    return value.length >= MIN_ADDRESS && value.startsWith("0x") && this.addresses.isAddress(BigInt(value))
      ? "address"
      : "number";
  }

  end(): GridTable {
    const columns = [...this.kinds].map(([name, kind]): GridColumn => {
      const field = this.declared.get(name);
      const unit = field?.unit ?? (field?.kind === "nanoseconds" ? "nanoseconds" : undefined);
      return { name, kind: kind ?? "text", ...(unit && { unit }) };
    });
    // The registers of a task's trap are the same for each of its frames, and would precede the frames.
    columns.sort((a, b) => Number(isDeep(a.name)) - Number(isDeep(b.name)));
    return { columns, rows: this.rows.map((row) => columns.map(({ name }) => row.get(name) ?? null)) };
  }
}

function gridKind({ kind }: Field): Kind {
  switch (kind) {
    case "address":
    case "task":
    case "symbol":
      return kind;
    case "text":
    case "flag":
    case "data":
      return "text";
    case "number":
    case "integer":
    case "nanoseconds":
    case "time":
      return "number";
  }
}

/** Returns fields by column name: those of nested records by path, those of lists also by their own name. */
function* columnsOf(fields: Fields, prefix: string): Generator<[string, Field]> {
  for (const [key, field] of Object.entries(fields)) {
    yield [prefix + key, field];
    if (!field.fields) continue;
    yield* columnsOf(field.fields, `${prefix}${key}.`);
    yield* columnsOf(field.fields, "");
  }
}

const isDeep = (column: string): boolean => column.split(".").length > 2;

/** Minimum length of the text of an address: `0x` and the eight digits of a 32-bit address. */
const MIN_ADDRESS = 10;

/**
 * Returns the kind of a column with cells of two kinds. A column of addresses can contain zero, a column of symbols
 * addresses without a name.
 */
function both(one: Kind, other: Kind): Kind {
  if (one === other) return one;
  const kinds = [one, other];
  if (kinds.includes("text")) return kinds.includes("symbol") ? "symbol" : "text";
  return (["symbol", "task", "address"] as const).find((kind) => kinds.includes(kind)) ?? "text";
}

/** Returns the links in a record's text, by the value in the data. */
function linksIn(spans: readonly Span[]): ReadonlyMap<string, Kind> {
  const links = new Map<string, Kind>();
  for (const span of spans) {
    if (typeof span === "string") continue;
    if (span.as === "address" || span.as === "task") links.set(addressJson(span.address), span.as);
    if (span.as === "symbol") for (const text of [span.text, span.raw ?? span.text]) links.set(text, "symbol");
  }
  return links;
}

/** Makes one row; for a record with a list of records, such as a task's files, one per entry. */
function rowsOf(data: Json): readonly Row[] {
  if (!isObject(data)) return [new Map([["value", cellOf(data)]])];
  const own: Row = new Map();
  let list: { name: string; members: readonly Json[] } | undefined;
  for (const [name, value] of entries(data, "")) {
    // A list without records here has them in other rows or not at all; nothing is shown in either case.
    if (Array.isArray(value) && value.length === 0) continue;
    if (!isListOfRecords(value)) own.set(name, cellOf(value));
    else if (list) own.set(name, value.length);
    else list = { name, members: value };
  }
  if (!list || list.members.length === 0) return [own];
  const { name: listName, members } = list;
  return members.map((member) => {
    const row: Row = new Map(own);
    for (const [name, value] of isObject(member) ? entries(member, "") : [["value", member] as const]) {
      row.set(own.has(name) ? `${listName}.${name}` : name, cellOf(value));
    }
    return row;
  });
}

function* entries(data: { readonly [key: string]: Json | undefined }, prefix: string): Generator<[string, Json]> {
  for (const [key, value] of Object.entries(data)) {
    if (value === undefined) continue;
    if (isObject(value) && !isFault(value)) yield* entries(value, `${prefix}${key}.`);
    else yield [prefix + key, value];
  }
}

const isObject = (data: Json | undefined): data is { readonly [key: string]: Json | undefined } =>
  typeof data === "object" && data !== null && !Array.isArray(data);

/** The form that `faultJson` makes. */
const isFault = (data: Json): data is FaultCell & { readonly [key: string]: Json } =>
  isObject(data) && typeof data.fault === "string" && typeof data.message === "string";

const isListOfRecords = (data: Json): data is readonly Json[] => Array.isArray(data) && data.some(isObject);

function cellOf(data: Json): GridCell {
  if (data === null || typeof data !== "object") return data;
  if (isFault(data)) return { fault: data.fault, address: data.address, message: data.message };
  if (!Array.isArray(data)) return JSON.stringify(data);
  return data.map((one: Json) => (typeof one === "string" ? one : JSON.stringify(one))).join(", ");
}
