/** Markdown that shows untrusted text unchanged. */
import { padHex } from "./hex.ts";
import { printable } from "./printable.ts";

/**
 * Escapes one line of text so that Markdown shows it unchanged: no link, image, HTML or emphasis. A colon before a word
 * and an at sign are escaped too, because renderers turn bare addresses into links.
 */
export const markdownText = (text: string): string =>
  printable(text).replace(/[\\`*_{}[\]()#+\-.!<>|~&@$]|:(?=\S)/g, "\\$&");

/**
 * Escapes one line of text like `markdownText`, but leaves marks that have no effect where they are, so that the file
 * itself can be read: full stops, parentheses, and underscores within words.
 */
export const markdownProse = (text: string): string =>
  markdownWords(text).replace(
    /^(\s*)([-+=!>]|\d+[.)])/,
    (_, blank: string, mark: string) => `${blank}${mark.slice(0, -1)}\\${mark.slice(-1)}`,
  );

/** Escapes text that follows other text on its line like `markdownProse`, which also escapes marks that begin a line. */
export const markdownWords = (text: string): string =>
  printable(text).replace(
    /[\\`*{}[\]<|~&@$#]|(?<!\w)_|_(?!\w)|:(?=\/\/)|(?<=\b(?:mailto|xmpp)):|(?<=\bwww)\./gi,
    "\\$&",
  );

/**
 * Formats one line of text as a code span (CommonMark 6.1), with more back-quotes than any run of them in the text.
 * @param inTable whether it is in a cell of a GFM table, where `|` is escaped. Renderers disagree on `|` after a
 *   backslash, so that a text with both is escaped as plain text instead
 */
export function markdownCode(text: string, inTable = false): string {
  const line = printable(text);
  if (line === "") return "";
  if (inTable && line.includes("\\|")) return markdownText(text);
  const marks = "`".repeat(longestRun(line) + 1);
  // A renderer removes one blank at each end if there is one at both.
  const pad = /^[` ]|[` ]$/.test(line) ? " " : "";
  const span = `${marks}${pad}${line}${pad}${marks}`;
  return inTable ? span.replaceAll("|", "\\|") : span;
}

/** Formats lines as a fenced code block (CommonMark 4.5), with a fence longer than any run of back-quotes in them. */
export function markdownBlock(lines: readonly string[], language = ""): string {
  const shown = lines.map(printable);
  const fence = "`".repeat(Math.max(3, longestRun(shown.join("\n")) + 1));
  return [`${fence}${language}`, ...shown, fence].join("\n");
}

const longestRun = (text: string): number =>
  [...text.matchAll(/`+/g)].reduce((most, [run]) => Math.max(most, run.length), 0);

/** Returns the URI of a file (RFC 8089), escaped for a Markdown link. A URI is returned unchanged. */
export const fileUri = (path: string): string =>
  (/^[\w-]{2,}:\/\//.test(path)
    ? path
    : `file://${path.startsWith("/") ? "" : "/"}${path.replaceAll("\\", "/").split("/").map(encodeURIComponent).join("/")}`
  ).replace(/[()<>\s]/g, (character) => `%${padHex(character.charCodeAt(0), 2)}`);
