/** Addresses as gdb reads them: numbers are decimal unless they begin with 0x. */
import { UsageError } from "../../../base/usageError.ts";
import { address } from "../../language/address.ts";
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
