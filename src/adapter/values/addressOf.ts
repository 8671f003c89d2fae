/** Memory references of clients as addresses. */
import { UsageError } from "../../base/usageError.ts";
import type { Scope } from "../../model/expression/evaluate.ts";
import type { Target } from "../target.ts";

/**
 * Returns the address that a memory reference names: `0x...`, which this adapter sent to the client; 16 hexadecimal
 * digits, with or without a backtick after the eighth; a symbol; `symbol+offset/size [module]` as in logs; or a C
 * expression.
 *
 * @param scope the frame's locals, which take precedence over symbols
 * @throws UsageError, Fault
 */
export function addressOf(target: Target, reference: string, scope?: Scope): bigint {
  const text = reference.trim();
  if (/^0x[0-9a-f]{1,16}$/i.test(text)) return BigInt(text);
  if (/^[0-9a-f]{8}`?[0-9a-f]{8}$/i.test(text)) return BigInt(`0x${text.replace("`", "")}`);
  if (scope?.(text)) return target.addressOfExpression(text, scope);
  const symbol = target.kernel.symbols.find(text);
  if (symbol) return symbol.address;
  const offset = /^([A-Za-z_.][\w.]*)\s*([+-])\s*(0x[0-9a-f]+|\d+)(?:\/0x[0-9a-f]+)?(?:\s*\[\w+\])?$/i.exec(text);
  const base = offset && target.kernel.symbols.find(offset[1] ?? "");
  if (base) return BigInt.asUintN(64, base.address + BigInt(offset[3] ?? "0") * (offset[2] === "-" ? -1n : 1n));
  if (text === "") throw new UsageError("an address or a symbol is missing");
  return target.addressOfExpression(text, scope);
}

/**
 * Like `addressOf`, but undefined for a text that names nothing, such as a function of an unloaded module. @throws
 * Fault
 */
export function addressIfAny(target: Target, reference: string): bigint | undefined {
  try {
    return addressOf(target, reference);
  } catch (error) {
    if (error instanceof UsageError) return undefined;
    throw error;
  }
}
