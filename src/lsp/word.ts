/** What a word of a log names. Columns count from 0; `end` is exclusive. */
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

/** No line of a kernel is longer (LOG_LINE_MAX is 1024 - 48); what follows is not looked at. */
const MAX_LINE = 4096;

const SYMBOL =
  /(?<![\w.$])(?<name>[A-Za-z_.$][\w.$]*)\+0x(?<offset>[0-9a-f]{1,8})\/0x(?<size>[0-9a-f]{1,8})(?: \[(?<module>[\w-]+)[^\]]{0,60}\])?/;
/** crash writes a decimal offset and no size: `[exception RIP: lab_apply+47]`. */
const CRASH_SYMBOL = /(?<=RIP: |<)(?<crashName>[A-Za-z_.$][\w.$]*)\+(?<crashOffset>\d{1,8})(?=[\]>])/;
const REGISTER =
  /(?<![\w.])(?<register>R[0-9A-D][0-9XIP]?|E[A-D]X|E[SD]I|EBP|R[SBD][PI]|R[SD]I|CR[2-4]|FAR|x\d{1,2}|r\d{1,2}|lr|sp|pc|ip|fp|PSW)(?<colon> ?:)\s*(?:[0-9a-f]{4}:)?(?<registerValue>(?:0x)?[0-9a-f]{8,16})(?![\w+])/;
const TASK = /(?<=(?:PID|pid): {0,3}|\btask [\w/:.-]{1,64}:)(?<pid>\d{1,10})\b/;
const SOURCE = /(?<![\w/.-])(?<file>\/?(?:[\w.+-]+\/)*[\w.+-]+\.[chS]):(?: )?(?<line>\d{1,7})\b/;
const ADDRESS =
  /\b(?:0x(?<hex>[0-9a-f]{6,16})|(?=\d*[a-f])(?<bare>[0-9a-f]{16}))\b|(?<=\[<)(?<bracketed>[0-9a-f]{8,16})(?=>\])/;

/** In order: a register's value is no plain address, `f+0x12` no number. */
const WORDS = new RegExp(
  [SYMBOL, CRASH_SYMBOL, REGISTER, TASK, SOURCE, ADDRESS].map(({ source }) => source).join("|"),
  "g",
);

const MODULES = /\bModules linked in:(.*)$/;
const MODULE = /(?<![\w[])([A-Za-z0-9_]+)(?:\(([A-Z+-]+)\))?(?=\s|$)/g;

/** The words of a line that name something of a kernel, from left to right. */
export function wordsOf(line: string): Word[] {
  const text = line.slice(0, MAX_LINE);
  const modules = MODULES.exec(text);
  if (modules) return moduleWords(modules[1] ?? "", modules.index + modules[0].length - (modules[1] ?? "").length);
  const words: Word[] = [];
  for (const match of text.matchAll(WORDS)) {
    const word = wordOf(match, match.index);
    if (word) words.push(word);
  }
  return words;
}

/** The word at a column. */
export const wordAt = (line: string, column: number): Word | undefined =>
  wordsOf(line).find(({ start, end }) => start <= column && column < end);

function wordOf(match: RegExpMatchArray, start: number): Word | undefined {
  const groups = match.groups ?? {};
  const place = { start, end: start + match[0].length };
  const { name, offset = "", size = "", module, crashName, crashOffset, register, registerValue = "" } = groups;
  const { pid, file, line, hex, bare, bracketed } = groups;
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
  if (pid !== undefined) return { ...place, kind: "task", pid: Number(pid) };
  if (file !== undefined) return { ...place, kind: "source", file, line: Number(line) };
  const digits = hex ?? bare ?? bracketed;
  return digits === undefined ? undefined : { ...place, kind: "address", value: BigInt(`0x${digits}`) };
}

function moduleWords(list: string, start: number): Word[] {
  const end = list.includes("[") ? list.indexOf("[") : list.length;
  return [...list.slice(0, end).matchAll(MODULE)].map(({ 0: text, 1: name = "", 2: flags = "", index }) => ({
    start: start + index,
    end: start + index + text.length,
    kind: "module",
    name,
    flags,
  }));
}
