import { UsageError } from "../base/usageError.ts";
import type { Context } from "./command.ts";
import { hexNumber, symbolAddress } from "./number.ts";

/**
 * An address as users write it: a symbol with or without an offset, hexadecimal with or without 0x, or an
 * expression whose value is one.
 * @throws UsageError, Fault of what the expression reads
 */
export function address(context: Context, text: string): bigint {
  const direct = symbolAddress(context, text) ?? hexNumber(text);
  if (direct !== undefined) return direct;
  throw new UsageError(`not an address: ${text}`);
}
