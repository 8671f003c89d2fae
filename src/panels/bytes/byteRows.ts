/** The rows of memory: its words in sizes of 1 to 8 bytes, with what they are part of. It does not use the DOM. */
import { padHex } from "../../base/hex.ts";
import type { MemoryWord, MemoryWords } from "../../protocol/memory.ts";
import type { Grid, GridCell, GridColumn } from "../../protocol/grid.ts";
import { recordsOf } from "../memoryParts.ts";
import type { GridRow } from "../rows.ts";

export type WordSize = 1 | 2 | 4 | 8;
export const WORD_SIZES: readonly WordSize[] = [1, 2, 4, 8];

/**
 * Returns the line of the command that searches kernel memory: for a text in quotes, or for a number: of 2 or 4
 * bytes if words of that size are shown, otherwise of a whole word of the machine. Undefined for an empty text.
 */
export function searchLine(text: string, size: WordSize): string | undefined {
  const wanted = text.trim();
  const quoted = /^"(.+)"$/s.exec(wanted)?.[1];
  if (quoted !== undefined) return `search -k -c "${quoted.replaceAll('"', "")}"`;
  return wanted === "" ? undefined : `search -k ${size === 2 ? "-h " : size === 4 ? "-w " : ""}${wanted}`;
}

/** Number of bytes in a row of words that are no pointers. */
const BYTES_A_ROW = 16;

/** Its cells are no links, because they would lead to where they are. */
const ADDRESS: GridColumn = { name: "address", kind: "text" };
const TEXT: GridColumn = { name: "text", kind: "text" };
const PART: GridColumn = { name: "part", kind: "text" };
const TARGET: GridColumn = { name: "pointsAt", kind: "text" };

/** The column of the words' values. */
export const VALUE = 1;

/** Returns the columns. Words of the size of a pointer have one for what they point at. */
export const columnsOf = (size: WordSize, wordSize: number): readonly GridColumn[] =>
  size === wordSize
    ? [ADDRESS, { name: "value", kind: "text" }, TEXT, PART, TARGET]
    : [ADDRESS, { name: "words", kind: "text" }, TEXT, PART];

/** Members of a struct by their offset in bytes. */
export type Overlay = ReadonlyMap<number, string>;

/**
 * Returns the members of the struct that `struct --table` printed, with type and name: `struct mm_struct * mm`. Members
 * without a name, and bit fields that begin in the same byte, are joined.
 */
export function overlayOf({ tables }: Grid): Overlay {
  const members = new Map<number, string>();
  for (const record of tables.flatMap(recordsOf<"offset" | "type" | "member">)) {
    const [offset, type, member] = [record.get("offset"), record.get("type"), record.get("member")];
    if (typeof offset !== "number" || typeof member !== "string" || member === "") continue;
    const before = members.get(offset);
    const text = typeof type === "string" && type !== "" ? `${type} ${member}` : member;
    members.set(offset, before === undefined ? text : `${before}, ${text}`);
  }
  return members;
}

interface RowOptions {
  readonly size: WordSize;
  /** A struct, and the address of its first byte. */
  readonly overlay?: { readonly start: bigint; readonly members: Overlay } | undefined;
}

/** Returns a row for each word of the size of a pointer, or for 16 bytes of smaller words. */
export function byteRows(
  { address, wordSize, byteOrder, words }: MemoryWords,
  { size, overlay }: RowOptions,
): GridRow[] {
  const start = BigInt(address);
  const step = size === wordSize ? 1 : BYTES_A_ROW / wordSize;
  const rows: GridRow[] = [];
  for (let i = 0; i < words.length; i += step) {
    const part = words.slice(i, i + step);
    const at = start + BigInt(i * wordSize);
    const fault = part.find((word) => word.fault !== undefined);
    const value: GridCell =
      fault?.fault === undefined
        ? valuesOf(part.map(({ bytes }) => bytes).join(""), size, byteOrder).join(" ")
        : { fault: "unknown", address: null, message: fault.fault };
    const name = partText(at, part, { wordSize, overlay });
    const cells: GridCell[] = [
      addressText(at, wordSize),
      value,
      fault ? "" : part.map(({ bytes }) => textOf(bytes)).join(""),
      name,
    ];
    rows.push(size === wordSize ? [...cells, part[0]?.target ?? null] : cells);
  }
  return rows;
}

/** Returns the members of the overlay in a row; without one, the symbol that its first word is part of. */
function partText(
  at: bigint,
  words: readonly MemoryWord[],
  { wordSize, overlay }: { readonly wordSize: number; readonly overlay: RowOptions["overlay"] },
): string {
  if (overlay && at >= overlay.start) {
    const first = Number(at - overlay.start);
    const names = Array.from({ length: words.length * wordSize }, (_, i) => overlay.members.get(first + i));
    const known = names.filter((name) => name !== undefined);
    if (known.length > 0) return known.join(", ");
  }
  return words[0]?.symbol ?? "";
}

/** Returns words of a size as hexadecimal numbers. @param bytes two digits per byte, in the order of memory */
function valuesOf(bytes: string, size: WordSize, order: MemoryWords["byteOrder"]): string[] {
  const digits = digitsOf(bytes);
  return Array.from({ length: Math.ceil(digits.length / size) }, (_, i) => {
    const word = digits.slice(i * size, (i + 1) * size);
    return (order === "little" ? word.reverse() : word).join("");
  });
}

/** Returns bytes as ASCII; others as points. */
const textOf = (bytes: string): string =>
  digitsOf(bytes)
    .map((digits) => character(Number.parseInt(digits, 16)))
    .join("");

const character = (byte: number): string => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : ".");

/** Formats memory as a dump of bytes: address, 16 bytes, characters. Bytes that cannot be read are `??`. */
export function hexDump({ address, wordSize, words }: MemoryWords): string {
  const start = BigInt(address);
  const step = BYTES_A_ROW / wordSize;
  const lines: string[] = [];
  for (let i = 0; i < words.length; i += step) {
    const part = words.slice(i, i + step);
    const bytes = part.flatMap((word) => digitsOf(word.bytes || "??".repeat(wordSize)));
    const text = part.map((word) => textOf(word.bytes) || "?".repeat(wordSize)).join("");
    lines.push(`${addressDigits(start + BigInt(i * wordSize), wordSize)}  ${bytes.join(" ")}  |${text}|\n`);
  }
  return lines.join("");
}

/** Formats the bytes that can be read as an array of C, with the address as a comment. */
export function cArray({ address, words }: MemoryWords): string {
  const bytes = words.flatMap((word) => digitsOf(word.bytes));
  const lines: string[] = [];
  for (let i = 0; i < bytes.length; i += 12) lines.push(`\t${bytes.slice(i, i + 12).map((byte) => `0x${byte},`).join(" ")}`); // prettier-ignore
  return `/* ${address} */\nstatic const unsigned char bytes[${bytes.length}] = {\n${lines.join("\n")}\n};\n`;
}

/** Returns the two digits of each byte. */
const digitsOf = (bytes: string): string[] => bytes.match(/../g) ?? [];

const addressDigits = (address: bigint, wordSize: number): string =>
  padHex(BigInt.asUintN(8 * wordSize, address), 2 * wordSize);

/** Returns an address with all digits; those below 0 and above the last address wrap around. */
export const addressText = (address: bigint, wordSize: number): string => `0x${addressDigits(address, wordSize)}`;
