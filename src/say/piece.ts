import { attempt, Fault } from "../base/fault.ts";
import { hex, padHex } from "../base/hex.ts";
import type { Fields } from "./table.ts";

/** A value that can be serialised. Addresses are strings of `0x` and 16 digits. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined };

/** Something in a line that a face may link, colour or explain. */
export type Span =
  | string
  | { readonly as: "address"; readonly text: string; readonly address: bigint }
  /** `raw` is a name that was demangled, as the kernel has it. */
  | { readonly as: "symbol"; readonly text: string; readonly address: bigint; readonly raw?: string }
  | { readonly as: "source"; readonly text: string; readonly file: string; readonly line: number }
  | { readonly as: "task"; readonly text: string; readonly address: bigint }
  | { readonly as: "fault"; readonly text: string; readonly fault: Fault }
  | { readonly as: "title" | "dim" | "bad"; readonly text: string };

/** One line of text without its newline. */
export type Line = readonly Span[];

/**
 * What a command says, piece by piece; each piece is also a place where it may pause or be cancelled.
 * `record` is the unit of data: `data` is what `--json` and panels get, `lines` what a person reads.
 */
export type Piece =
  | {
      readonly kind: "record";
      readonly data: Json;
      readonly lines: readonly Line[];
      /** Why what was asked for is not in it, or not all: it is no full answer. Empty cells of a table are one. */
      readonly unread?: Fault | undefined;
      /** What the data holds, by key; of records that no table declares a face guesses it. */
      readonly fields?: Fields | undefined;
    }
  /** Headings, blank lines, remarks: nothing in it that a record does not say. */
  | { readonly kind: "text"; readonly lines: readonly Line[] }
  /** Why the command could not say more; records before it stand. */
  | { readonly kind: "fault"; readonly fault: Fault; readonly lines: readonly Line[] }
  /** The user's command was wrong: what of it, in one sentence, and how it is written. */
  | { readonly kind: "usage"; readonly message: string; readonly lines: readonly Line[] }
  /** What the records above leave out, which crash does not say: for tables. */
  | {
      readonly kind: "omission";
      readonly said: string;
      /** The command that leaves it in, and what its rows are called. */
      readonly all: { readonly title: string; readonly line: string };
      readonly lines: readonly [];
    }
  | {
      readonly kind: "progress";
      readonly done: number;
      readonly total: number;
      readonly what: string;
      /** The command has nothing to do until then: a face that drives it waits. */
      readonly until?: Promise<unknown>;
    };

export type RecordPiece = Extract<Piece, { kind: "record" }>;

const linesOf = (lines: readonly (string | Line)[]): readonly Line[] =>
  lines.map((line) => (typeof line === "string" ? [line] : line));

/** What a command's parts are made of: they say, and return nothing. */
export type Pieces = Generator<Piece, void, void>;

export const text = (...lines: readonly (string | Line)[]): Piece => ({ kind: "text", lines: linesOf(lines) });

export const record = (data: Json, ...lines: readonly (string | Line)[]): Piece => ({
  kind: "record",
  data,
  lines: linesOf(lines),
});

/**
 * A record that works out its data and its lines only when asked: a face wants one of the two. A fault that this meets
 * is what it says, and `unread` from then on: the face is in the middle of a document.
 */
export const lazyRecord = (data: () => Json, lines: () => readonly Line[], more: RecordFacts = {}): RecordPiece =>
  new LazyRecord(data, lines, more);

type RecordFacts = Pick<RecordPiece, "unread" | "fields">;

/** A class, because getters of a literal are defined anew for each of them, which costs more than most records do. */
class LazyRecord {
  readonly kind = "record";
  unread: Fault | undefined;
  readonly fields: Fields | undefined;
  private readonly readData: () => Json;
  private readonly readLines: () => readonly Line[];

  constructor(data: () => Json, lines: () => readonly Line[], { unread, fields }: RecordFacts) {
    this.readData = data;
    this.readLines = lines;
    this.unread = unread;
    this.fields = fields;
  }

  get data(): Json {
    return this.orFault(this.readData, faultJson);
  }

  get lines(): readonly Line[] {
    return this.orFault(this.readLines, (fault) => [[faultSpan(fault)]]);
  }

  private orFault<T>(read: () => T, said: (fault: Fault) => T): T {
    const value = attempt(read);
    if (!(value instanceof Fault)) return value;
    this.unread = value;
    return said(value);
  }
}

export const progress = (what: string, done: number, total: number): Piece => ({ kind: "progress", what, done, total });

/** The few digits of a small address may stand in a message for anything else. */
const names = (message: string, address: string): boolean => address.length > 4 && message.includes(address);

/** A fault in one sentence, its address in front: `ffff888000001000: page excluded from dump`. */
export const faultText = (fault: Fault): string =>
  fault.address === undefined || names(fault.message, hex(fault.address))
    ? fault.message
    : `${hex(fault.address)}: ${fault.message}`;

/** An address in data: `0x` and 16 digits. */
export const addressJson = (address: bigint): string => `0x${padHex(address, 16)}`;

/** A fault in data, where a value would be. */
export const faultJson = ({ kind, address, message }: Fault): Json => ({
  fault: kind,
  address: address === undefined ? null : addressJson(address),
  message,
});

/** A fault where a value would be: `<ffff888000001000: page excluded from dump>`. */
export const faultSpan = (fault: Fault): Span => ({ as: "fault", text: `<${faultText(fault)}>`, fault });

/**
 * A fault in a line of its own, after what it belongs to.
 * @param prefix who says it, such as "ps: "; without one the fault stands in angle brackets
 */
export const faultPiece = (fault: Fault, prefix = ""): Piece => ({
  kind: "fault",
  fault,
  lines: [prefix === "" ? [faultSpan(fault)] : [prefix, { as: "fault", text: faultText(fault), fault }]],
});

export const spanText = (span: Span): string => (typeof span === "string" ? span : span.text);

/** A line as plain characters. */
export function lineText(line: Line): string {
  let all = "";
  for (const span of line) all += typeof span === "string" ? span : span.text;
  return all;
}
