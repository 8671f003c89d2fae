/** Addresses as gdb reads them: numbers are decimal unless they begin with 0x. */
import { UsageError } from "../../../base/usageError.ts";
import { bare } from "../../../debuginfo/ctype.ts";
import { address, evaluateIn } from "../../language/address.ts";
import type { Obj } from "../../../model/object.ts";
import type { Context } from "../../language/command.ts";

/**
 * Resolves a place in gdb's words: a C expression of a number, a pointer or an object. Where C does not understand it, it
 * is read as crash does, so that an address without 0x is one. @throws UsageError, Fault
 */
export function place(context: Context, text: string): bigint {
  if (text === "") throw new UsageError("an address is missing");
  if (context.kernel.symbols.find(text)) return address(context, text);
  try {
    // The parentheses make a number an expression.
    return address(context, `(${text})`);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return address(context, text);
  }
}

/**
 * Evaluates an expression whose value is an address: that of a pointer or a number is its value, that of a function or
 * an array where it is. What is not an expression is read as `place` does. @throws UsageError for a struct; Fault
 */
export function addressValue(context: Context, text: string): bigint {
  if (text === "") throw new UsageError("an address is missing");
  const object = evaluated(context, text);
  if (object === undefined) return place(context, text);
  const { kind } = bare(object.type);
  if (kind === "struct" || kind === "union")
    throw new UsageError(`a ${kind} is not an address: give &(${text}) for where it is`);
  if (kind === "int" || kind === "pointer" || kind === "enum") return BigInt.asUintN(64, object.value());
  return place(context, text);
}

/** Evaluates an expression; undefined if it is none. @throws Fault */
function evaluated(context: Context, text: string): Obj | undefined {
  try {
    return evaluateIn(context, text);
  } catch (error) {
    if (error instanceof UsageError) return undefined;
    throw error;
  }
}
