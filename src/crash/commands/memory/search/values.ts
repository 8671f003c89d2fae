/** Parses the arguments of `search`. */
import { UsageError } from "../../../../base/usageError.ts";
import { address } from "../../../language/address.ts";
import type { Context, Parsed } from "../../../language/command.ts";
import { hexNumber, symbolAddress } from "../../../language/number.ts";
import { numberNeedle, textNeedle, type Needle } from "./needle.ts";

/** Returns the size in bytes of the numbers that -w and -h select; the machine's word size without them. */
export const unitSize = ({ kernel }: Context, args: Parsed): 2 | 4 | 8 =>
  args.has("-h") ? 2 : args.has("-w") ? 4 : kernel.arch.wordSize;

/**
 * Returns the patterns: text with -c, otherwise numbers, symbols and (expressions). @throws UsageError; Fault from an
 * expression
 */
export function needlesOf(context: Context, args: Parsed): readonly Needle[] {
  const { kernel } = context;
  if (args.has("-c")) {
    if (args.rest.some((text) => text === "")) throw new UsageError("an empty string matches everywhere: enter a text");
    return args.rest.map(textNeedle);
  }
  const size = unitSize(context, args);
  const mask = maskOf(args);
  return args.rest.map((word) => {
    const { value, label } = numberOf(context, word);
    if (BigInt.asUintN(size * 8, value) !== value) throw new UsageError(`too large for ${size} bytes: ${word}`);
    return numberNeedle(value, label, { size, mask: BigInt.asUintN(size * 8, mask), byteOrder: kernel.arch.byteOrder });
  });
}

function maskOf(args: Parsed): bigint {
  const text = args.value("-m");
  if (text === undefined) return 0n;
  const mask = hexNumber(text);
  if (mask === undefined) throw new UsageError(`not a hexadecimal mask: ${text}`);
  return mask;
}

function numberOf(context: Context, word: string): { value: bigint; label: string | undefined } {
  if (word.startsWith("(")) {
    const inner = word.replace(/^\(|\)$/g, "").trim();
    return { value: symbolAddress(context, inner) ?? address(context, word), label: word };
  }
  const number = hexNumber(word);
  if (number !== undefined) return { value: number, label: undefined };
  const symbol = symbolAddress(context, word);
  if (symbol === undefined)
    throw new UsageError(
      `invalid input: "${word}"; give a number in hexadecimal, a symbol, or an expression in parentheses`,
    );
  return { value: symbol, label: `(${word})` };
}
