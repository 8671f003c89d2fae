/** Hexadecimal, decimal and text dumps of memory as `rd` prints them. */
import { attempt, Fault } from "../../base/fault.ts";
import { padHex } from "../../base/hex.ts";
import { readUnsigned, viewOf } from "../../base/bytes.ts";
import type { AddressSpace } from "../../memory/memory.ts";
import { shortAddressSpan } from "./addressCell.ts";
import { TableLayout } from "../../render/layout.ts";
import { text as plainText, type Json, type Pieces, type Span } from "../../say/piece.ts";
import type { Column, Table } from "../../say/table.ts";

export type WordSize = 1 | 2 | 4 | 8;

/** Readable bytes: an address space, or a file addressed by offset. */
export type ByteSource = Pick<AddressSpace, "read" | "u8" | "byteOrder" | "wordSize">;

export interface DumpFormat {
  /** Size of a unit in bytes. */
  readonly size: WordSize;
  readonly as: "hex" | "signed" | "unsigned" | "text";
  /** Whether to swap the bytes of each unit, that is, to read it in the other byte order. */
  readonly swapped?: boolean;
  /** Whether to show the bytes as text after the units. */
  readonly withText?: boolean;
  /** Returns the text that replaces a unit, such as a symbol; undefined to show the number. */
  readonly symbolic?: (word: bigint) => Span | undefined;
}

/** Number of bytes in a line of units. */
const LINE_BYTES = 16;
/** Number of bytes in a line of text. */
const TEXT_LINE_BYTES = 60;
/** Maximum number of bytes of a text without a unit count. */
const MAX_TEXT = 65536;

/**
 * Yields memory line by line as `rd` shows it.
 * @param units unit count. Default: 1; for text, up to the first non-text byte
 * @throws Fault after the lines before the first unreadable byte
 */
export function* hexDump(space: ByteSource, start: bigint, units: number | undefined, format: DumpFormat): Pieces {
  if (format.as === "text") return yield* textDump(space, start, units);
  const layout = new TableLayout({ arch: space }, unitsTable(format));
  const total = (units ?? 1) * format.size;
  for (let done = 0; done < total; done += LINE_BYTES) {
    const { bytes, fault } = readUpTo(space, start + BigInt(done), Math.min(LINE_BYTES, total - done));
    const whole = bytes.subarray(0, bytes.length - (bytes.length % format.size));
    if (whole.length > 0) yield layout.row(rowOf(space, start + BigInt(done), whole, format));
    if (fault) throw fault;
  }
}

/** Reads the bytes before the first unreadable one, and returns why that one is unreadable. */
function readUpTo(space: ByteSource, address: bigint, length: number): { bytes: Uint8Array; fault?: Fault } {
  const all = attempt(() => space.read(address, length));
  if (!(all instanceof Fault)) return { bytes: all };
  const bytes: number[] = [];
  for (let i = 0; i < length; i++) {
    const byte = attempt(() => space.u8(address + BigInt(i)));
    if (byte instanceof Fault) return { bytes: Uint8Array.from(bytes), fault: byte };
    bytes.push(byte);
  }
  return { bytes: Uint8Array.from(bytes), fault: all };
}

interface UnitsRow {
  readonly address: bigint;
  readonly words: readonly bigint[];
  readonly spelt: string;
}

function rowOf(space: ByteSource, address: bigint, raw: Uint8Array, format: DumpFormat): UnitsRow {
  const bytes = format.swapped ? swap(raw, format.size) : raw;
  const words: bigint[] = [];
  const view = viewOf(bytes);
  for (let i = 0; i < bytes.length; i += format.size) words.push(readUnsigned(view, i, format.size, space.byteOrder));
  return { address, words, spelt: text(bytes) };
}

const addressColumn = {
  kind: "address",
  title: "",
  align: "right",
  value: ({ address }) => address,
  text: shortAddressSpan,
} as const satisfies Column<{ readonly address: bigint }>;

export function unitsTable(format: DumpFormat): Table<UnitsRow> {
  const { size, as, withText = false } = format;
  const width = widthOf(format);
  const count = LINE_BYTES / size;
  return {
    columns: {
      address: addressColumn,
      units: {
        kind: "data",
        title: "",
        about: "numbers; those of 64 bits as decimal strings",
        gap: ":  ",
        align: as === "hex" ? "left" : "right",
        cellWidth: width,
        width: withText ? count * (width + 1) - 1 : 0,
        value:
          ({ words }) =>
          () =>
            words.map((word) => unitJson(word, format)),
        text: (_, { words }) => words.map((word) => unitSpan(word, format)),
      },
      text: { kind: "text", ...(withText && { title: "" }), gap: "   ", value: ({ spelt }) => spelt },
    },
  };
}

/** Widths of decimal columns by unit size in bytes, as in crash. */
const SIGNED_WIDTH: Readonly<Record<WordSize, number>> = { 1: 3, 2: 5, 4: 12, 8: 15 };
const UNSIGNED_WIDTH: Readonly<Record<WordSize, number>> = { 1: 3, 2: 5, 4: 12, 8: 20 };

function widthOf({ as, size }: DumpFormat): number {
  if (as === "signed") return SIGNED_WIDTH[size];
  return as === "unsigned" ? UNSIGNED_WIDTH[size] : size * 2;
}

const valueOf = (word: bigint, { as, size }: DumpFormat): bigint =>
  as === "signed" ? BigInt.asIntN(size * 8, word) : word;

function unitJson(word: bigint, format: DumpFormat): Json {
  const value = valueOf(word, format);
  return format.size === 8 ? value.toString() : Number(value);
}

const unitSpan = (word: bigint, format: DumpFormat): Span =>
  format.as === "hex" ? (format.symbolic?.(word) ?? padHex(word, format.size * 2)) : String(valueOf(word, format));

/** A table of texts with their addresses. */
export const textTable: Table<{ readonly address: bigint; readonly spelt: string }> = {
  columns: {
    address: addressColumn,
    text: { kind: "text", title: "", gap: ":  ", value: ({ spelt }) => spelt },
  },
};

function* textDump(space: ByteSource, start: bigint, units: number | undefined): Pieces {
  const layout = new TableLayout({ arch: space }, textTable);
  const limit = units ?? MAX_TEXT;
  for (let done = 0; done < limit; done += TEXT_LINE_BYTES) {
    const address = start + BigInt(done);
    const { bytes, fault } = readUpTo(space, address, Math.min(TEXT_LINE_BYTES, limit - done));
    const end = units === undefined ? bytes.findIndex((byte) => !isPrintable(byte)) : -1;
    const spelt = text(end < 0 ? bytes : bytes.subarray(0, end));
    if (spelt !== "") yield layout.row({ address, spelt });
    if (end >= 0) return;
    if (fault) throw fault;
  }
  if (units === undefined) yield plainText(`the text continues after ${limit} bytes: give a count to see more`);
}

const isPrintable = (byte: number): boolean => byte >= 0x20 && byte < 0x7f;

const DOT = 0x2e;

/** Returns the bytes of one line as text, with a dot for each that is not printable. */
const text = (bytes: Uint8Array): string =>
  String.fromCharCode(...bytes.map((byte) => (isPrintable(byte) ? byte : DOT)));

function swap(bytes: Uint8Array, size: number): Uint8Array {
  const swapped = new Uint8Array(bytes.length);
  for (let i = 0; i < bytes.length; i++) swapped[i] = bytes[i - (i % size) + size - 1 - (i % size)] ?? 0;
  return swapped;
}
