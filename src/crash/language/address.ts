/** Evaluates the expressions and addresses that users type as arguments. */
import { attempt, Fault } from "../../base/fault.ts";
import { UsageError } from "../../base/usageError.ts";
import { bare } from "../../debuginfo/ctype.ts";
import { evaluate, type Scope } from "../../model/expression/evaluate.ts";
import type { Obj } from "../../model/object.ts";
import type { Context } from "./command.ts";
import { missingTypes } from "./missingTypes.ts";
import { hexNumber, symbolAddress } from "./number.ts";
import { SymbolNotFound } from "./symbolNotFound.ts";

/** Looks up the names that shadow globals: gdb's `$1` for a value that `p` printed, and the locals of a frame. */
const scope =
  (context: Context) =>
  (name: string): Obj | undefined => {
    const number = /^\$(\d+)$/.exec(name)?.[1];
    if (number !== undefined) return context.values.numbered(Number(number));
    return context.locals?.(name);
  };

/**
 * Evaluates a C expression in the user's context.
 * @param own resolves names that shadow all others
 * @param warn receives warnings about behaviour that C leaves undefined
 * @throws UsageError, Fault
 */
export const evaluateIn = (
  context: Context,
  text: string,
  own: Scope = () => undefined,
  warn?: (message: string) => void,
): Obj => {
  const others = scope(context);
  return evaluate(context.kernel, text, (name) => own(name) ?? others(name), warn);
};

/**
 * Resolves an address as users write it: a symbol with or without an offset, hexadecimal with or without 0x, or an
 * expression. A number or pointer gives its value, any other expression the address of its object.
 * @throws UsageError; Fault from reading what the expression refers to
 */
export function address(context: Context, text: string): bigint {
  const direct = symbolAddress(context, text) ?? hexNumber(text);
  if (direct !== undefined) return direct;
  if (/^\w+$/.test(text)) throw new SymbolNotFound(text);
  const object = evaluateIn(context, text);
  const { kind } = bare(object.type);
  const value = attempt(() =>
    kind === "int" || kind === "pointer" || kind === "enum" ? object.value() : object.address,
  );
  if (value instanceof Fault) throw value.kind === "unknown" ? new UsageError(`not an address: ${text}`) : value;
  return BigInt.asUintN(64, value);
}

/** Resolves a number of bytes: decimal, 0x..., or the offset of `struct.member`. @throws UsageError, Fault */
export function offset(context: Context, text: string): bigint {
  const { kernel } = context;
  const [, struct, member] = /^(\w+)\.([\w.[\]]+)$/.exec(text) ?? [];
  if (struct !== undefined && member !== undefined) {
    const type =
      kernel.types.find("struct", struct) ?? kernel.types.find("union", struct) ?? kernel.types.find("typedef", struct);
    if (!type) throw missingTypes(context) ?? new UsageError(`invalid data structure reference: ${text}`);
    return kernel.object(type, 0n).at(member).address;
  }
  const value = /^\d+$/.test(text) ? BigInt(text) : hexNumber(text);
  if (value === undefined) throw new UsageError(`not an offset: ${text}`);
  return value;
}
