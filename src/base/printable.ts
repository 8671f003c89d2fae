/** Characters that drive a terminal, end a line, or turn or hide what stands around them. */

const UNSEEN = /[\0-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/;
const ALL_UNSEEN = new RegExp(UNSEEN.source, "g");

/**
 * One line of text out of a dump or a log, for a terminal, a mail or a page: control characters, C1 ones such as U+009B
 * (CSI) among them, are shown as `^X` and `\x9b`, those that turn the direction of writing (UAX #9) or have no width as
 * `\u202e`. Tabs stay.
 */
export const printable = (text: string): string =>
  UNSEEN.test(text) ? text.replace(ALL_UNSEEN, (character) => shown(character)) : text;

function shown(character: string): string {
  if (character === "\t") return character;
  const code = character.charCodeAt(0);
  if (code < 0x80) return `^${String.fromCharCode(code ^ 0x40)}`;
  return code < 0x100 ? `\\x${code.toString(16)}` : `\\u${code.toString(16).padStart(4, "0")}`;
}

/** A JSON document with those characters escaped, which within its strings mean the same. */
export const printableJson = (json: string): string =>
  json.replace(/[\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
