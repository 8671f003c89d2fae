/** Addresses as gdb reads them. Numbers are as in C: `10` is decimal, `0x10` hexadecimal and `010` octal. */
import { UsageError } from "../../../base/usageError.ts";
import { bare } from "../../../debuginfo/ctype.ts";
import { address, evaluateIn } from "../../language/address.ts";
import type { Obj } from "../../../model/object.ts";
import type { Context } from "../../language/command.ts";

/**
 * Resolves an address in gdb's form: a C expression of a number, a pointer or an object. A text that is not a C
 * expression is read as crash reads it, for example `ffff888000001000`, an address without 0x. @throws UsageError, Fault
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
 * Returns the value of a pointer or a number, and the address of a function or an array. A text that is not an
 * expression is read as `place` does. @throws UsageError for a struct or union, a missing address, or a text that
 * `place` refuses; Fault
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
