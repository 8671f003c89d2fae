/** Shows control characters and invisible characters of untrusted text. */
import { padHex } from "./hex.ts";

const UNSEEN = /[\0-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/;
const ALL_UNSEEN = new RegExp(UNSEEN.source, "g");

/**
 * Makes one line of text from a dump or a log safe for a terminal, a mail or a page. Control characters become `^X`,
 * C1 controls such as U+009B (CSI) `\x9b`, characters that change the writing direction (UAX #9) or have no width
 * `\u202e`. Tabs stay.
 */
export const printable = (text: string): string =>
  UNSEEN.test(text) ? text.replace(ALL_UNSEEN, (character) => shown(character)) : text;

function shown(character: string): string {
  if (character === "\t") return character;
  const code = character.charCodeAt(0);
  if (code < 0x80) return `^${String.fromCharCode(code ^ 0x40)}`;
  return code < 0x100 ? `\\x${code.toString(16)}` : `\\u${padHex(code, 4)}`;
}

/** Escapes the characters that `printable` replaces, as \uXXXX, in a JSON document. A parser reads the same strings. */
export const printableJson = (json: string): string =>
  json.replace(/[\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g, (character) => {
    return `\\u${padHex(character.charCodeAt(0), 4)}`;
  });
