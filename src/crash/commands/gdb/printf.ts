/** The command `printf` of gdb: values in a text, by C's conversions. */
import { UsageError } from "../../../base/usageError.ts";
import { bare } from "../../../debuginfo/ctype.ts";
import { unescaped } from "../../../model/expression/lexer.ts";
import type { Obj } from "../../../model/object.ts";
import { evaluateIn } from "../../language/address.ts";
import type { Context, Running } from "../../language/command.ts";
import { WrongUse } from "../../language/wrongUse.ts";
import { lazyRecord } from "../../../say/piece.ts";
import { gdbCommand } from "./gdbCommand.ts";

/** Maximum width and precision in characters. */
const MAX_WIDTH = 10_000;

export const printf = gdbCommand({
  name: "printf",
  summary: "print values in a text",
  usage: '"format", expression, ...',
  description: `Prints a text as C's printf does, with the values of expressions for its conversions: %d %i %u %x %X %o %c %s %p %%, with flags, width and precision, and with the sizes hh h l ll z j t. %s prints an array of characters or what a pointer points to. No new line is added: write \\n.`,
  examples: [
    { line: 'printf "%d %s\\n", init_task.pid, init_task.comm', shows: "Two members of a struct." },
    { line: 'printf "%-8s|%#lx\\n", "flags", init_task.flags', shows: "A text to the left in eight columns." },
  ],
  records: () => [{ line: 'printf "%d\\n", 1', fields: { text: { kind: "text" } } }],
  needs: ["types"],
  run: runPrintf,
});

export function* runPrintf(context: Context, line: string): Running {
  const quoted = /^"((?:[^"\\]|\\.)*)"\s*(.*)$/s.exec(line);
  if (!quoted) throw new WrongUse('a format in quotes is missing: printf "%d\\n", jiffies');
  const [, format = "", rest = ""] = quoted;
  if (rest !== "" && !rest.startsWith(",")) throw new WrongUse("a comma is missing after the format");
  const values = expressions(rest.slice(1)).map((one) => evaluateIn(context, one));
  const text = formatted(format, values);
  const isOpen = !text.endsWith("\n");
  yield lazyRecord(
    () => ({ text }),
    () => (isOpen ? text : text.slice(0, -1)).split("\n").map((one) => [one]),
    { isOpen: isOpen && text !== "" },
  );
}

/** Splits at commas that are not in brackets or quotes. */
function expressions(text: string): string[] {
  if (text.trim() === "") return [];
  const found: string[] = [];
  let depth = 0;
  let quote = "";
  let start = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at);
    if (quote !== "") {
      if (character === "\\") at++;
      else if (character === quote) quote = "";
    } else if (character === '"' || character === "'") quote = character;
    else if ("([{".includes(character)) depth++;
    else if (")]}".includes(character)) depth--;
    else if (character === "," && depth === 0) {
      found.push(text.slice(start, at));
      start = at + 1;
    }
  }
  return [...found, text.slice(start)];
}

/** A conversion: flags, width, precision, size and letter. */
const CONVERSION = /%([-+ #0]*)(\d*)(?:\.(\d*))?(hh|h|ll|l|z|j|t|L)?([a-zA-Z%])/g;

/** Formats the values. @throws UsageError for a wrong conversion or number of values */
function formatted(format: string, values: readonly Obj[]): string {
  let next = 0;
  const text = unescaped(format).replace(CONVERSION, (whole, ...parts: (string | undefined)[]) => {
    const [flags = "", width = "", precision, size, letter = ""] = parts;
    if (letter === "%") return "%";
    const value = values[next++];
    if (!value) throw new UsageError(`the format has more conversions than values: ${values.length}`);
    return filled(converted(value, { whole, flags, precision, size, letter }), {
      columns: Math.min(Number(width || 0), MAX_WIDTH),
      isLeft: flags.includes("-"),
      hasZeros: flags.includes("0") && !"sc".includes(letter) && precision === undefined,
    });
  });
  if (next < values.length) throw new UsageError(`the format has ${next} conversions for ${values.length} values`);
  return text;
}

interface Field {
  /** Width in characters. */
  readonly columns: number;
  readonly isLeft: boolean;
  readonly hasZeros: boolean;
}

/** Fills a value up to the width of its field. */
function filled(body: string, { columns, isLeft, hasZeros }: Field): string {
  if (isLeft) return body.padEnd(columns);
  const [, sign = "", digits = ""] = /^([-+ ]?(?:0[xX])?)(.*)$/s.exec(body) ?? [];
  return hasZeros ? `${sign}${digits.padStart(columns - sign.length, "0")}` : body.padStart(columns);
}

interface Conversion {
  readonly whole: string;
  readonly flags: string;
  readonly precision: string | undefined;
  readonly size: string | undefined;
  readonly letter: string;
}

/** Bits of an argument by the size in its conversion. Without one it is an int. */
const BITS: Readonly<Record<string, number>> = { hh: 8, h: 16, l: 64, ll: 64, z: 64, j: 64, t: 64, L: 64 };

function converted(value: Obj, { whole, flags, precision, size, letter }: Conversion): string {
  const word = value.kernel.arch.wordSize * 8;
  const bits = size === undefined ? 32 : Math.min(BITS[size] ?? 32, size === "ll" || size === "j" ? 64 : word);
  const limit = precision === undefined ? undefined : Math.min(Number(precision || 0), MAX_WIDTH);
  const digits = (number: bigint, radix: number): string => number.toString(radix).padStart(limit ?? 0, "0");
  if (letter === "s") return textOf(value).slice(0, limit);
  const number = numberOf(value);
  const unsigned = BigInt.asUintN(bits, number);
  switch (letter) {
    case "d":
    case "i": {
      const signed = BigInt.asIntN(bits, number);
      const sign = signed < 0n ? "-" : flags.includes("+") ? "+" : flags.includes(" ") ? " " : "";
      return `${sign}${digits(signed < 0n ? -signed : signed, 10)}`;
    }
    case "u":
      return digits(unsigned, 10);
    case "x":
      return `${flags.includes("#") && unsigned !== 0n ? "0x" : ""}${digits(unsigned, 16)}`;
    case "X":
      return `${flags.includes("#") && unsigned !== 0n ? "0X" : ""}${digits(unsigned, 16).toUpperCase()}`;
    case "o":
      return `${flags.includes("#") && unsigned !== 0n ? "0" : ""}${digits(unsigned, 8)}`;
    case "c":
      return String.fromCharCode(Number(BigInt.asUintN(8, number)));
    case "p":
      return number === 0n ? "(nil)" : `0x${BigInt.asUintN(word, number).toString(16)}`;
    default:
      throw new UsageError(`${whole}: there is no such conversion`);
  }
}

/** Reads the text of an array of characters, or that a pointer points to. @throws Fault */
function textOf(value: Obj): string {
  const { kind } = bare(value.type);
  return kind === "int" ? value.kernel.memory.cString(BigInt.asUintN(64, value.value()), MAX_WIDTH) : value.text();
}

/** Reads a number, or the address of an array or function. @throws Fault */
function numberOf(value: Obj): bigint {
  const { kind } = bare(value.type);
  return kind === "array" || kind === "function" ? value.address : value.value();
}
