/** Evaluates the expressions and addresses that users type as arguments. */
import { attempt, Fault } from "../../base/fault.ts";
import { UsageError } from "../../base/usageError.ts";
import { once } from "../../base/once.ts";
import { bare } from "../../debuginfo/ctype.ts";
import { evaluate, type Scope } from "../../model/expression/evaluate.ts";
import { Obj } from "../../model/object.ts";
import type { Context } from "./command.ts";
import { missingTypes } from "./missingTypes.ts";
import { hexNumber, symbolAddress } from "./number.ts";
import { selectedScope } from "./selectedFrame.ts";
import { SymbolNotFound } from "./symbolNotFound.ts";

/** gdb's names of values that `p` printed: `$1`, `$` for the last one, `$$` for the one before it, `$$3`. */
const PRINTED = /^\$(?:(\d+)|\$?|\$(\d+))$/;

/** Returns a value that `p` printed, by gdb's name for it; undefined for other names. */
function printedValue({ values }: Context, name: string): Obj | undefined {
  const match = PRINTED.exec(name);
  if (!match) return undefined;
  const back = match[2] ?? (name === "$" ? 0 : 1);
  return values.numbered(match[1] === undefined ? values.length - Number(back) : Number(match[1]));
}

/** Looks up the names that shadow globals: the values that `p` printed, and the names of a frame. */
function scope(context: Context): Scope {
  const frame = once(() => selectedScope(context));
  const find = (name: string): Obj | undefined =>
    printedValue(context, name) ??
    context.locals?.(name) ??
    (name.startsWith("$") || context.frame !== undefined ? frame()?.(name) : undefined);
  return Object.assign(find, {
    call: (name: string, values: readonly Obj[]) => (context.locals?.call ?? frame()?.call)?.(name, values),
  });
}

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
  const all = Object.assign((name: string) => own(name) ?? others(name), { call: others.call });
  return evaluate(context.kernel, text, all, warn);
};

/** A convenience variable alone. */
const CONVENIENCE = /^\$[A-Za-z_]\w*$/;
/** gdb's own names of registers, besides those of the machine. */
const REGISTERS: readonly string[] = ["pc", "sp", "fp", "ps", "eflags"];

/**
 * Evaluates as `evaluateIn`. A convenience variable that was never set is void if it is the whole expression, as in gdb.
 * The name of a register is not a convenience variable, even if the frame does not know the register.
 */
export function evaluateOrVoid(context: Context, text: string, warn?: (message: string) => void): Obj {
  const { kernel } = context;
  const name = text.trim();
  const register = name.slice(1);
  const isUnset =
    CONVENIENCE.test(name) &&
    !REGISTERS.includes(register) &&
    !kernel.arch.registers.includes(register) &&
    kernel.arch.debuggerOrder?.includes(register) !== true &&
    scope(context)(name) === undefined;
  if (!isUnset) return evaluateIn(context, text, undefined, warn);
  return new Obj(kernel, { kind: "void" }, { kind: "bytes", bytes: new Uint8Array(0) });
}

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
    if (!type)
      throw (
        missingTypes(context) ?? new UsageError(`invalid data structure reference: ${text}; no type is named ${struct}`)
      );
    return kernel.object(type, 0n).at(member).address;
  }
  const value = /^\d+$/.test(text) ? BigInt(text) : hexNumber(text);
  if (value === undefined) throw new UsageError(`not an offset: ${text}`);
  return value;
}
