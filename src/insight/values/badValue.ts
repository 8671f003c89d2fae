/** Classifies a bad address. */
import { attempt, Fault } from "../../base/fault.ts";
import { errorOf, type Poison, poisonOf } from "../../log/poison.ts";
import type { Kernel } from "../../model/kernel.ts";

/** Kinds of value that were used as an address. */
export type BadValue =
  | { readonly kind: "null" }
  | { readonly kind: "near-null"; readonly offset: number }
  | { readonly kind: "error"; readonly name: string; readonly number: number }
  | { readonly kind: "poison"; readonly poison: Poison }
  | { readonly kind: "user" }
  | { readonly kind: "non-canonical"; readonly text: string | undefined }
  | { readonly kind: "code"; readonly symbol: string }
  | { readonly kind: "unmapped" }
  | { readonly kind: "mapped" };

/** Size of the first page, which programs do not map. Most member offsets are smaller. */
const FIRST_PAGE = 0x1000n;

/** Classifies a value by its bits and by the kernel's page tables. */
export function badValue(kernel: Kernel, value: bigint): BadValue {
  const bits = kernel.arch.wordSize === 8 ? 64 : 32;
  if (value === 0n) return { kind: "null" };
  const error = errorOf(value, bits);
  if (error) return { kind: "error", ...error };
  if (value < FIRST_PAGE) return { kind: "near-null", offset: Number(value) };
  const poison = poisonOf(value);
  if (poison) return { kind: "poison", poison };
  if (kernel.arch.isCanonical?.(value, (key) => kernel.vmcoreinfo(key)) === false)
    return { kind: "non-canonical", text: asText(value, bits / 8) };
  if (!kernel.memory.isKernelAddress(value)) return { kind: "user" };
  const symbol = kernel.code.isText(value) ? kernel.symbols.at(value) : undefined;
  if (symbol) return { kind: "code", symbol: symbol.name };
  const translation = attempt(() => kernel.memory.translate(value));
  return { kind: translation instanceof Fault ? "unmapped" : "mapped" };
}

/**
 * Returns the bytes of a little-endian value as text if all of them are printable, or if at least six printable ones
 * come before a zero byte; undefined for other values.
 */
function asText(value: bigint, bytes: number): string | undefined {
  let text = "";
  for (let i = 0; i < bytes; i++) {
    const byte = Number((value >> BigInt(8 * i)) & 0xffn);
    if (byte === 0 && text.length >= 6) return text;
    if (byte < 0x20 || byte > 0x7e) return undefined;
    text += String.fromCharCode(byte);
  }
  return text;
}
