/** Numbers in claims. */
import { bare } from "../../debuginfo/ctype.ts";
import { address, evaluateIn } from "../../crash/language/address.ts";
import type { Context } from "../../crash/language/command.ts";
import type { Obj } from "../../model/object.ts";

/**
 * Returns a number as an unsigned word of the machine, so that -1 and 0xffff... are equal.
 * @param bytes size of the type of the numbers that are compared; a larger one than the word is kept
 */
export const unsignedWord = ({ kernel }: Context, value: bigint, bytes = 0): bigint =>
  BigInt.asUintN(Math.max(kernel.arch.wordSize, bytes) * 8, value);

/** Whether an object is a number or a pointer. */
export const isScalar = ({ type }: Obj): boolean => ["int", "pointer", "enum", "bool"].includes(bare(type).kind);

/**
 * Reads the number of a claim: decimal, also with leading zeros, 0x..., or a C expression. From 8 to 16 hexadecimal
 * digits with at least one letter are an address, also without 0x. A function or an object that is not a number stands
 * for its address. @param bytes as of `unsignedWord`
 * @throws UsageError, Fault
 */
export function numberIn(context: Context, text: string, bytes = 0): bigint {
  const word = text.trim();
  if (/^-?\d+$|^0x[\da-f]+$/i.test(word)) return unsignedWord(context, BigInt(word), bytes);
  if (/^[\da-f]{8,16}$/i.test(word)) return address(context, word);
  const value = evaluateIn(context, word);
  return unsignedWord(context, isScalar(value) ? BigInt(value.value()) : value.address, bytes);
}
