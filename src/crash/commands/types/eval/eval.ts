/** The `eval` command: calculates with numbers and symbols. */
import { hex, hex0x, padDigits } from "../../../../base/hex.ts";
import { command, type Context } from "../../../language/command.ts";
import { calculate } from "./calculate.ts";
import { record, text } from "../../../../say/piece.ts";
import { WrongUse } from "../../../language/wrongUse.ts";
import type { Fields } from "../../../../say/table.ts";

export const evaluate = command({
  name: "eval",
  readsOnly: true,
  summary: "calculate with addresses and symbols",
  usage: "[-b][-l] (expression) | value",
  takesExpression: true,
  options: [
    { flag: "-b", help: "list the bits that are set in the result" },
    { flag: "-l", help: "calculate in 64 bits on a 32-bit machine too" },
  ],
  description: `Shows the value of an expression in hexadecimal, decimal, octal and binary; whole kilobytes, megabytes and gigabytes are named, and a value with its highest bit set is also shown as a negative number.

An operand is a symbol, which stands for its address, or a number: decimal, or hexadecimal with 0x or where it cannot be decimal. K, M or G after a number multiplies it by 2^10, 2^20 or 2^30. Operators are + - * / % & | ^ ~ << >> with C's precedence. Before a name, | is a pipe and >> appends to a file, unless the expression is in parentheses.`,
  examples: [
    { line: "eval ffffffff81000000 - 100", shows: "A hexadecimal number minus a decimal one." },
    { line: "eval -b (1 << 32)", shows: "A shift, with the bits of the result." },
    { line: "eval 128m", shows: "128 MiB in bytes." },
  ],
  records: () => [{ line: "eval 128m", fields: valueFields }],
  *run(context, args) {
    const [expression] = args.rest;
    if (expression === undefined) throw new WrongUse("an expression is missing");
    const value = inWord(context, calculate(context, expression), args.has("-l"));
    const bits = value >> 32n !== 0n || args.has("-l") ? 64 : context.kernel.arch.wordSize * 8;
    const signed = BigInt.asIntN(bits, value);
    const negative = signed < 0n ? `(${signed})` : "";
    yield record(
      { hexadecimal: hex0x(value), decimal: String(value), signed: String(signed), octal: value.toString(8) },
      `hexadecimal: ${hex(value)}  ${inUnits(value)}`,
      `    decimal: ${value}  ${negative}`,
      `      octal: ${value.toString(8)}`,
      `     binary: ${padDigits(value, bits, 2)}`,
    );
    if (args.has("-b"))
      yield text(
        `   bits set: ${setBits(value)
          .map((bit) => `${bit} `)
          .join("")}`,
      );
  },
});

/** The fields of a value. */
const valueFields: Fields = {
  hexadecimal: { kind: "text", about: "`0x` and its digits" },
  decimal: { kind: "integer", about: "as an unsigned number" },
  signed: { kind: "integer" },
  octal: { kind: "text" },
};

/** Truncates a negative number to 32 bits on a 32-bit machine, unless -l is given. */
function inWord({ kernel }: Context, value: bigint, isLong: boolean): bigint {
  const signed = BigInt.asIntN(64, value);
  return kernel.arch.wordSize === 4 && !isLong && signed < 0n && signed >= -(1n << 31n)
    ? BigInt.asUintN(32, value)
    : value;
}

/** Returns the value in whole units, "(128MB)", or "". */
function inUnits(value: bigint): string {
  for (const [letter, shift] of [
    ["GB", 30n],
    ["MB", 20n],
    ["KB", 10n],
  ] as const) {
    if (value >= 1n << shift && value % (1n << shift) === 0n) return `(${value >> shift}${letter})`;
  }
  return "";
}

function setBits(value: bigint): number[] {
  const bits: number[] = [];
  for (let bit = 63; bit >= 0; bit--) if ((value >> BigInt(bit)) & 1n) bits.push(bit);
  return bits;
}
