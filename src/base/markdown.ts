import { printable } from "./printable.ts";

/**
 * One line of text as Markdown that shows it as it is: no link, image, HTML or emphasis. A colon before a word and an at sign are
 * escaped too, since renderers make links of bare addresses.
 */
export const markdownText = (text: string): string =>
  printable(text).replace(/[\\`*_{}[\]()#+\-.!<>|~&@$]|:(?=\S)/g, "\\$&");

/**
 * One line of text as a code span (CommonMark 6.1): its marks are longer than any run of back-quotes within.
 * @param inTable a bar would end the cell (GFM tables); behind a back-slash, which no code span escapes, readers disagree
 *   whether it does: such a text is no code span
 */
export function markdownCode(text: string, inTable = false): string {
  const line = printable(text);
  if (line === "") return "";
  if (inTable && line.includes("\\|")) return markdownText(text);
  const marks = "`".repeat(longestRun(line) + 1);
  // One blank at each end is taken away where both are there.
  const pad = /^[` ]|[` ]$/.test(line) ? " " : "";
  const span = `${marks}${pad}${line}${pad}${marks}`;
  return inTable ? span.replaceAll("|", "\\|") : span;
}

/** Lines as a fenced code block (CommonMark 4.5), whose fence is longer than any within. */
export function markdownBlock(lines: readonly string[], language = ""): string {
  const shown = lines.map(printable);
  const fence = "`".repeat(Math.max(3, longestRun(shown.join("\n")) + 1));
  return [`${fence}${language}`, ...shown, fence].join("\n");
}

const longestRun = (text: string): number =>
  [...text.matchAll(/`+/g)].reduce((most, [run]) => Math.max(most, run.length), 0);

/** The address of a file (RFC 8089), fit for a link; what is an address already stays one. */
export const fileUri = (path: string): string =>
  (/^[\w-]{2,}:\/\//.test(path)
    ? path
    : `file://${path.startsWith("/") ? "" : "/"}${path.replaceAll("\\", "/").split("/").map(encodeURIComponent).join("/")}`
  ).replace(/[()<>\s]/g, (character) => `%${character.charCodeAt(0).toString(16).padStart(2, "0")}`);
