/** Words of a log line that name something in a kernel. */
import { MAX_LINE } from "./lines.ts";

/** A word of a log line. Columns count from 0; `end` is exclusive. */
export type Word = { readonly start: number; readonly end: number } & (
  | { readonly kind: "address"; readonly value: bigint }
  | {
      readonly kind: "symbol";
      readonly name: string;
      readonly offset: number;
      readonly size: number | undefined;
      readonly module: string | undefined;
    }
  | { readonly kind: "register"; readonly name: string; readonly value: bigint }
  | { readonly kind: "task"; readonly pid: number }
  | { readonly kind: "module"; readonly name: string; readonly flags: string }
  | { readonly kind: "source"; readonly file: string; readonly line: number }
);

const SYMBOL =
  /(?<![\w.$])(?<name>[A-Za-z_.$][\w.$]*)\+0x(?<offset>[0-9a-f]{1,8})\/0x(?<size>[0-9a-f]{1,8})(?: \[(?<module>[\w-]+)[^\]]{0,60}\])?/;
/**
 * The forms in which crash prints a symbol with a decimal offset and no size: `[exception RIP: lab_apply+47]`,
 * `<schedule+12>`, and words of `bt -FF` and `rd -s`.
 */
const CRASH_SYMBOL =
  /(?<=RIP: |<|\[|^ {0,8}[0-9a-f]{8,16}: {1,2}(?:\S{1,64} {1,32})?)(?<crashName>[A-Za-z_.$][\w.$]*)\+(?<crashOffset>\d{1,8})(?=[\]>\s]|$)/;
/**
 * The function in a frame of crash's `bt`: ` #1 [ffffcd2300013b00] f at ffffffff815646b7`. The word has the
 * address after `at`.
 */
const FRAME =
  /(?<=^ {0,4}#\d{1,4} \[[0-9a-f]{8,16}\] )[A-Za-z_.$][\w.$]*(?:\+\w{1,10})?(?= at (?<frameAt>[0-9a-f]{8,16})\b)/;
const REGISTER =
  /(?<![\w.])(?<register>R[0-9A-D][0-9XIP]?|E[A-D]X|E[SD]I|EBP|R[SBD][PI]|R[SD]I|CR[2-4]|FAR|ORIG_RAX|[xX]\d{1,2}|PC|LR|SP|r\d{1,2}|lr|sp|pc|ip|fp|PSW)(?<colon> ?:)\s*(?:[0-9a-f]{4}:)?(?<registerValue>(?:0x)?[0-9a-f]{8,16})(?![\w+])/;
/** gdb's `info registers` within crash: `rax            0xffff888012345678    -131391...`. */
const GDB_REGISTER =
  /(?<=^)(?<gdbName>[re]?[abcd]x|[re]?[sd]i|[re]?[sb]p|[re]ip|[rx]\d{1,2}|sp|pc|lr|fp)\s{2,16}(?<gdbValue>0x[0-9a-f]{1,16})\b/;
/**
 * The text that precedes a PID in messages of the kernel: of tasks, watchdogs, the OOM killer and KASAN; and the caller
 * of a message.
 */
const BEFORE_PID =
  /(?:PID|pid|tgid): {0,6}|\btask [\w/:.-]{1,64}:|\bby task (?:\S{1,64}\/)?|CPU#\d{1,5}: \S{1,64}\/|\bstuck for \d{1,7}s! \[[^\]]{1,64}:|\bKilled process |\]\[ {0,8}T/;
/** In the OOM killer's table of tasks, the PID is the first number of a row. */
const TASK = new RegExp(
  String.raw`(?=\d)(?<pid>(?<=${BEFORE_PID.source})\d{1,10}\b|(?<=\[ {1,6})\d{1,10}(?=\] {1,6}\d{1,10} {1,10}\d{1,10} ))`,
);
/** In crash's `ps`, the PID is also the first number of a row. */
const PS_TASK = /(?<=^[> ] {0,10})(?<psPid>\d{1,10})(?= {1,10}\d{1,10} {1,6}\d{1,5} {1,4}[0-9a-f]{8,16} )/;
const SOURCE =
  /(?<![\w/.+-])(?<file>\/?(?:[\w.+-]{1,255}\/){0,32}[\w.+-]{1,255}\.(?:[chS]|rs)):(?: )?(?<line>\d{1,7})\b/;
const ADDRESS =
  /\b(?:0x(?<hex>[0-9a-f]{6,16})|(?=\d*[a-f])(?<bare>[0-9a-f]{16}))\b|(?<=\[<)(?<bracketed>[0-9a-f]{8,16})(?=>\])/;

/** Joins patterns into one; of those that match at a position, the first in the list is taken. */
const anyOf = (...words: readonly RegExp[]): RegExp => new RegExp(words.map(({ source }) => source).join("|"), "g");
// The value of a register is not a plain address, and `f+0x12` is not a number, so those patterns come first.
const WORDS = anyOf(SYMBOL, REGISTER, TASK, SOURCE, ADDRESS);
const CRASH_WORDS = anyOf(SYMBOL, FRAME, PS_TASK, CRASH_SYMBOL, REGISTER, GDB_REGISTER, TASK, SOURCE, ADDRESS);
/**
 * The beginnings of lines of crash's output. Other lines, which are nearly all lines of a log, are not searched for
 * crash's forms.
 */
const CRASH_LINE = /^(?:[ >#]|0x|[0-9a-f]{8,16}: |[a-z]\w{1,3} {2,16}0x)/;

const MODULES = /\bModules linked in:(.*)$/;
const MODULE = /(?<![\w[])([A-Za-z0-9_]+)(?:\(([A-Z+-]+)\))?(?=\s|$)/g;

/** Returns the words of a line that name something of a kernel, from left to right. */
export function wordsOf(line: string): Word[] {
  const text = line.slice(0, MAX_LINE);
  const modules = MODULES.exec(text);
  if (modules) return moduleWords(modules[1] ?? "", modules.index + modules[0].length - (modules[1] ?? "").length);
  const words: Word[] = [];
  for (const match of text.matchAll(CRASH_LINE.test(text) ? CRASH_WORDS : WORDS)) {
    const word = wordOf(match, match.index);
    if (word) words.push(word);
  }
  return words;
}

/**
 * Matches a line that continues a list of modules. A printk record has at most about a thousand characters of the list.
 */
const MORE_MODULES = /^ \w+(?:\([A-Z+-]{1,16}\))?(?: \w+(?:\([A-Z+-]{1,16}\))?)* ?(?:\[last unloaded: [^\]]*\])?$/;

/**
 * Returns the modules of a line that continues a list; none if it is not such a line. `start` is where its message
 * starts.
 */
export const moreModules = (line: string, start: number): ModuleWord[] =>
  line.length <= MAX_LINE && MORE_MODULES.test(line.slice(start).trimEnd())
    ? moduleWords(line.slice(start), start)
    : [];

/** Returns the word at a column; undefined if there is none. */
export const wordAt = (words: readonly Word[], column: number): Word | undefined =>
  words.find(({ start, end }) => start <= column && column < end);

function wordOf(match: RegExpMatchArray, start: number): Word | undefined {
  const groups = match.groups ?? {};
  const place = { start, end: start + match[0].length };
  const { name, offset = "", size = "", module, crashName, crashOffset, register, registerValue = "" } = groups;
  const { pid = groups.psPid, file, line, hex, bare, bracketed, frameAt } = groups;
  if (name !== undefined) {
    const numbers = { offset: parseInt(offset, 16), size: parseInt(size, 16) };
    return { ...place, kind: "symbol", name, ...numbers, module };
  }
  if (crashName !== undefined) {
    return {
      ...place,
      kind: "symbol",
      name: crashName,
      offset: Number(crashOffset),
      size: undefined,
      module: undefined,
    };
  }
  if (register !== undefined) {
    return { ...place, kind: "register", name: register, value: BigInt(`0x${registerValue.replace("0x", "")}`) };
  }
  const { gdbName, gdbValue } = groups;
  if (gdbName !== undefined) return { ...place, kind: "register", name: gdbName, value: BigInt(gdbValue ?? 0) };
  if (pid !== undefined) return { ...place, kind: "task", pid: Number(pid) };
  if (file !== undefined) return { ...place, kind: "source", file, line: Number(line) };
  const digits = hex ?? bare ?? bracketed ?? frameAt;
  return digits === undefined ? undefined : { ...place, kind: "address", value: BigInt(`0x${digits}`) };
}

export type SymbolWord = Extract<Word, { kind: "symbol" }>;
export type AddressWord = Extract<Word, { kind: "address" }>;
export type ModuleWord = Extract<Word, { kind: "module" }>;

function moduleWords(list: string, start: number): ModuleWord[] {
  const end = list.includes("[") ? list.indexOf("[") : list.length;
  return [...list.slice(0, end).matchAll(MODULE)].map(({ 0: text, 1: name = "", 2: flags = "", index }) => ({
    start: start + index,
    end: start + index + text.length,
    kind: "module",
    name,
    flags,
  }));
}
