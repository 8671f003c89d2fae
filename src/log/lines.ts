/** Lines of a log, separated into prefix and message. */
import { prefixOf } from "./prefix.ts";

/** A line of a log, separated into prefix and message. */
export interface LogLine {
  /** The message: without the prefix, without escapes that colour, without the end of the line. */
  readonly text: string;
  /** Where the message starts in the original line; exact when the line has no escapes. */
  readonly column: number;
  /** Seconds since boot. */
  readonly seconds: number | undefined;
  /** "T123" of a task, "C1" of a CPU in an interrupt (CONFIG_PRINTK_CALLER). */
  readonly caller: string | undefined;
  /** KERN_EMERG 0 to KERN_DEBUG 7. */
  readonly level: number | undefined;
  /** Whether a user program wrote the line, through the same syslog. */
  readonly isForeign: boolean;
  /** Whether lines before this one are lost (`** 12 printk messages dropped **`). */
  readonly isAfterGap: boolean;
  /** Column in the original line of each character of the text, for a line with escapes. */
  readonly columns: readonly number[] | undefined;
}

/**
 * Maximum length of a line in characters. A printk record has at most 1,024, and its prefix and text added by decoders
 * fit in the rest. Longer lines are cut.
 */
export const MAX_LINE = 4096;

/**
 * Escapes that colour, also as `cat -v` shows them and without their first character; no-break spaces; entities of HTML.
 */
const REWRITTEN =
  /(?:\u001b|\^\[)(?:\[[\d;?]{0,32}[A-Za-z]|[()][A-Z0-9])|\[\d{1,2}(?:;\d{1,3}){0,4}m|\u00a0|&(?:lt|gt|amp|quot);/g;
/** The message in a record of JSON: docker, kubectl, `journalctl -o json`, `dmesg --json`. */
const JSON_MESSAGE = /"(?:log|msg|message|MESSAGE)"\s{0,4}:\s{0,4}"((?:[^"\\]|\\.){0,4000})(?:"|$)/d;
const JSON_ESCAPE = /\\(?:u[0-9a-fA-F]{4}|.)/g;
const REPLACEMENTS: Readonly<Record<string, string>> = {
  "&lt;": "<",
  "&gt;": ">",
  "&amp;": "&",
  "&quot;": '"',
  "\u00a0": " ",
};
const JSON_ESCAPES: Readonly<Record<string, string>> = { n: "", r: "", t: "\t", b: "", f: "" };

/** The right edge of a table. */
const EDGE = / \|\s*$/;
const LINE_END = /[\r\n]+$/;

/** Splits a line, without its line end, into prefix and message. */
export function lineOf(given: string): LogLine {
  const cut = given.length > MAX_LINE ? given.slice(0, MAX_LINE) : given;
  const whole: Written = { text: cut, columns: undefined };
  const message = cut.includes('"') ? jsonMessage(cut) : undefined;
  const { text: clean, columns } = rewritten(message ?? whole, REWRITTEN, (found) => REPLACEMENTS[found] ?? "");
  const { column, ...prefix } = prefixOf(clean);
  const end = clean.startsWith("| ") && column > 0 ? EDGE : LINE_END;
  const text = clean.slice(column).replace(end, "");
  return { text, column: columns?.[column] ?? column, ...prefix, columns: columns?.slice(column) };
}

/** A text, and the column in the original line of each of its characters; undefined if these are the same. */
interface Written {
  readonly text: string;
  readonly columns: readonly number[] | undefined;
}

/** Returns the message of a record of JSON; undefined if the line is none. */
function jsonMessage(line: string): Written | undefined {
  const match = JSON_MESSAGE.exec(line);
  const [from, to] = match?.indices?.[1] ?? [];
  if (!match || from === undefined || to === undefined || !/\{|^\s*$/.test(line.slice(0, match.index)))
    return undefined;
  const columns = Array.from({ length: to - from + 1 }, (_, i) => from + i);
  return rewritten({ text: line.slice(from, to), columns }, JSON_ESCAPE, ([, kind = "", ...digits]) =>
    kind === "u" ? String.fromCharCode(Number.parseInt(digits.join(""), 16)) : (JSON_ESCAPES[kind] ?? kind),
  );
}

/** Replaces what a pattern finds by at most one character each. */
function rewritten(given: Written, pattern: RegExp, replacement: (found: string) => string): Written {
  // Most lines have nothing to replace, and matchAll() copies the pattern.
  if (given.text.search(pattern) < 0) return given;
  const columns: number[] = [];
  const columnAt = (at: number): number => given.columns?.[at] ?? at;
  let text = "";
  let from = 0;
  const keep = (to: number): void => {
    for (let i = from; i < to; i++) columns.push(columnAt(i));
    text += given.text.slice(from, to);
  };
  for (const { 0: found, index } of given.text.matchAll(pattern)) {
    keep(index);
    const put = replacement(found);
    if (put !== "") columns.push(columnAt(index));
    text += put;
    from = index + found.length;
  }
  keep(given.text.length);
  columns.push(columnAt(given.text.length));
  return { text, columns };
}

/** Returns a line for a printk record, whose message, time, caller and level are already separate. */
export const recordLine = (text: string, seconds?: number, caller?: string, level?: number): LogLine => ({
  text: text.length > MAX_LINE ? text.slice(0, MAX_LINE) : text,
  column: 0,
  seconds,
  caller,
  level,
  isForeign: false,
  isAfterGap: false,
  columns: undefined,
});

/** Returns the column in the original line for a column of the message. */
export const columnOf = (line: LogLine, at: number): number => line.columns?.[at] ?? line.column + at;

/** Splits a text into lines, with any line end. */
export const splitLines = (text: string): string[] => text.split(/\r\n|\n|\r/);
