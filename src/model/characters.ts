/** Characters and strings as gdb prints them. */
import { padDigits } from "../base/hex.ts";
import { isUtf8 } from "node:buffer";
import { bare, type CType } from "../debuginfo/ctype.ts";

/** Whether gdb prints a type's values as characters: all integers of one byte except bool, including `u8`. */
export function isCharacter(type: CType): boolean {
  const at = bare(type);
  return at.kind === "int" && at.size === 1 && at.encoding !== "bool";
}

const ESCAPES: ReadonlyMap<number, string> = new Map([
  [7, "\\a"],
  [8, "\\b"],
  [9, "\\t"],
  [10, "\\n"],
  [11, "\\v"],
  [12, "\\f"],
  [13, "\\r"],
  [0x5c, "\\\\"],
]);

const octal = (byte: number): string => `\\${padDigits(byte, 3, 8)}`;

/** Formats one byte as C writes it between `quote`s: itself, `\n`, or `\377`. */
export function characterText(byte: number, quote: '"' | "'"): string {
  if (byte === quote.charCodeAt(0)) return `\\${quote}`;
  return ESCAPES.get(byte) ?? (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : octal(byte));
}

/**
 * Formats a string: `"insmod\000\000"`. Printable UTF-8 is unchanged; other bytes are C escapes, octal if they have no
 * letter. As in gdb, a digit after the octal escape of a byte below 0x80 is octal too.
 */
export function quoted(bytes: Uint8Array): string {
  let text = '"';
  let isOctal = false;
  for (let i = 0; i < bytes.length;) {
    const byte = bytes[i] ?? 0;
    const sequence = utf8At(bytes, i);
    const isDigit = byte >= 0x30 && byte <= 0x39;
    const character: string = isOctal && isDigit ? octal(byte) : characterText(byte, '"');
    text += sequence?.text ?? character;
    isOctal = byte < 0x80 && /^\\\d/.test(character);
    i += sequence?.length ?? 1;
  }
  return `${text}"`;
}

const decoder = new TextDecoder();

/** Returns a printable character of more than one byte; undefined if the bytes are not one. */
function utf8At(bytes: Uint8Array, at: number): { text: string; length: number } | undefined {
  const lead = bytes[at] ?? 0;
  const length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc2 ? 2 : 0;
  if (length === 0 || at + length > bytes.length) return undefined;
  const encoded = bytes.subarray(at, at + length);
  if (!isUtf8(encoded)) return undefined;
  const text = decoder.decode(encoded);
  return /^[\p{L}\p{M}\p{N}\p{P}\p{S}]$/u.test(text) ? { text, length } : undefined;
}
