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

const ESCAPE = /\u001b(?:\[[\d;?]{0,32}[A-Za-z]|[()][A-Z0-9])/g;

/** Splits a line, without its line end, into prefix and message. */
export function lineOf(given: string): LogLine {
  const cut = given.length > MAX_LINE ? given.slice(0, MAX_LINE) : given;
  const { clean, columns } = cut.includes("\u001b") ? withoutEscapes(cut) : { clean: cut, columns: undefined };
  const { column, ...prefix } = prefixOf(clean);
  const text = clean.slice(column).replace(/[\r\n]+$/, "");
  return { text, column: columns?.[column] ?? column, ...prefix, columns: columns?.slice(column) };
}

function withoutEscapes(line: string): { clean: string; columns: number[] } {
  const columns: number[] = [];
  let clean = "";
  let from = 0;
  const keep = (to: number): void => {
    for (let i = from; i < to; i++) columns.push(i);
    clean += line.slice(from, to);
  };
  for (const { 0: escape, index } of line.matchAll(ESCAPE)) {
    keep(index);
    from = index + escape.length;
  }
  keep(line.length);
  columns.push(line.length);
  return { clean, columns };
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
