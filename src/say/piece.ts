/** Pieces: what commands print. */
import { attempt, Fault } from "../base/fault.ts";
import { hex, padHex } from "../base/hex.ts";
import type { Fields } from "./table.ts";

/** A value that can be serialized. Addresses are strings of `0x` and 16 digits. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined };

/** A part of a line that a face can link, color or explain. */
export type Span =
  | string
  | { readonly as: "address"; readonly text: string; readonly address: bigint }
  /** `raw` is the mangled name of a demangled symbol. */
  | { readonly as: "symbol"; readonly text: string; readonly address: bigint; readonly raw?: string }
  | { readonly as: "source"; readonly text: string; readonly file: string; readonly line: number }
  | { readonly as: "task"; readonly text: string; readonly address: bigint }
  | { readonly as: "fault"; readonly text: string; readonly fault: Fault }
  | { readonly as: "title" | "dim" | "bad"; readonly text: string };

/** One line of text without its newline. */
export type Line = readonly Span[];

export const isLine = (content: Span | Line): content is Line => Array.isArray(content);

/**
 * The output of a command, piece by piece; the command can pause or be cancelled at each. `record` is the unit of data:
 * `data` is for `--json` and panels, `lines` for people.
 */
export type Piece =
  | {
      readonly kind: "record";
      readonly data: Json;
      readonly lines: readonly Line[];
      /** Why the answer is missing or incomplete. Empty cells of a table do not count. */
      readonly unread?: Fault | undefined;
      /** Whether the next output continues the last line, because the command ends no line. */
      readonly isOpen?: boolean | undefined;
      /** Descriptions of the data by key. For records without a declared table a face infers them. */
      readonly fields?: Fields | undefined;
    }
  /** Headings, blank lines, remarks: nothing that is data. */
  | {
      readonly kind: "text";
      readonly lines: readonly Line[];
      /** The text as the face prints it, with newlines, if another thread has formatted it; `lines` is then empty. */
      readonly formatted?: string;
    }
  /** Why the command could not continue; earlier records are valid. */
  | { readonly kind: "fault"; readonly fault: Fault; readonly lines: readonly Line[] }
  /** An error in the user's command: one sentence, and the usage. */
  | { readonly kind: "usage"; readonly message: string; readonly lines: readonly Line[] }
  /** What the records omit and crash does not mention; for tables. */
  | {
      readonly kind: "omission";
      readonly sentence: string;
      /** The command that includes it, and the name of its rows. */
      readonly all: { readonly title: string; readonly line: string };
      readonly lines: readonly [];
    }
  | {
      readonly kind: "progress";
      readonly done: number;
      readonly total: number;
      readonly what: string;
      /** The command waits for this promise; so does the face that drives it. */
      readonly until?: Promise<unknown>;
    };

export type RecordPiece = Extract<Piece, { kind: "record" }>;

const linesOf = (lines: readonly (string | Line)[]): readonly Line[] =>
  lines.map((line) => (typeof line === "string" ? [line] : line));

/** The parts of a command: they yield pieces and return nothing. */
export type Pieces = Generator<Piece, void, void>;

export const text = (...lines: readonly (string | Line)[]): Piece => ({ kind: "text", lines: linesOf(lines) });

export const record = (data: Json, ...lines: readonly (string | Line)[]): Piece => ({
  kind: "record",
  data,
  lines: linesOf(lines),
});

/**
 * A record whose data and lines are computed when needed, because a face needs only one of them. A fault during this
 * becomes its content, and then `unread`, because the face is in the middle of a document.
 */
export const lazyRecord = (data: () => Json, lines: () => readonly Line[], more: RecordFacts = {}): RecordPiece =>
  new LazyRecord(data, lines, more);

type RecordFacts = Pick<RecordPiece, "unread" | "fields" | "isOpen">;

/**
 * A class, because getters of an object literal are defined anew for each record, which costs more than most records
 * do.
 */
class LazyRecord {
  readonly kind = "record";
  unread: Fault | undefined;
  readonly fields: Fields | undefined;
  readonly isOpen: boolean;
  private readonly readData: () => Json;
  private readonly readLines: () => readonly Line[];

  constructor(data: () => Json, lines: () => readonly Line[], { unread, fields, isOpen = false }: RecordFacts) {
    this.readData = data;
    this.readLines = lines;
    this.unread = unread;
    this.fields = fields;
    this.isOpen = isOpen;
  }

  get data(): Json {
    return this.orFault(this.readData, faultJson);
  }

  get lines(): readonly Line[] {
    return this.orFault(this.readLines, (fault) => [[faultSpan(fault)]]);
  }

  private orFault<T>(read: () => T, substitute: (fault: Fault) => T): T {
    const value = attempt(read);
    if (!(value instanceof Fault)) return value;
    this.unread = value;
    return substitute(value);
  }
}

export const progress = (what: string, done: number, total: number): Piece => ({ kind: "progress", what, done, total });

/** Whether a message contains an address; never for a small one, whose few digits can have another meaning. */
const names = (message: string, address: string): boolean => address.length > 4 && message.includes(address);

/** Formats a fault as a sentence after its address: `ffff888000001000: page excluded from dump`. */
export const faultText = (fault: Fault): string =>
  fault.address === undefined || names(fault.message, hex(fault.address))
    ? fault.message
    : `${hex(fault.address)}: ${fault.message}`;

/** Formats an address in data: `0x` and 16 digits. */
export const addressJson = (address: bigint): string => `0x${padHex(address, 16)}`;

/** Makes the data of a fault, which replaces a value. */
export const faultJson = ({ kind, address, message }: Fault): Json => ({
  fault: kind,
  address: address === undefined ? null : addressJson(address),
  message,
});

/** Formats a fault instead of a value: `<ffff888000001000: page excluded from dump>`. */
export const faultSpan = (fault: Fault): Span => ({ as: "fault", text: `<${faultText(fault)}>`, fault });

/** Makes a line for a fault. @param prefix the command, such as "ps: "; without it the fault is in angle brackets */
export const faultPiece = (fault: Fault, prefix = ""): Piece => ({
  kind: "fault",
  fault,
  lines: [prefix === "" ? [faultSpan(fault)] : [prefix, { as: "fault", text: faultText(fault), fault }]],
});

export const spanText = (span: Span): string => (typeof span === "string" ? span : span.text);

/** Returns a line as plain text. */
export function lineText(line: Line): string {
  let all = "";
  for (const span of line) all += typeof span === "string" ? span : span.text;
  return all;
}
