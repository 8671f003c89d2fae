/** Addresses as text: `symbol+offset`. */
import { printedPlace, withOffset } from "../../base/nameOffset.ts";
import { demangled } from "../../base/rust/demangle.ts";
import type { KSymbol } from "../source.ts";

/**
 * A code address as the kernel's `%pS` prints it (lib/vsprintf.c: symbol_string): `lab_apply+0x2f/0x43
 * [lab_nullderef]`.
 */
export interface SymbolText {
  readonly name: string;
  readonly offset: number;
  /** Number of bytes from this symbol to the next one, padding included. It distinguishes functions of the same name. */
  readonly size: number | undefined;
  readonly module: string | undefined;
}

const TEXT = /^([A-Za-z_.$][\w.$]*)(?:\+0x([0-9a-f]{1,8}))?(?:\/0x([0-9a-f]{1,8}))?(?: \[([\w-]+)\])?$/;

/** Parses a code address as `%pS` prints it; undefined for other text. */
export function readSymbolText(text: string): SymbolText | undefined {
  const match = TEXT.exec(text);
  if (!match) return undefined;
  const [, name = "", offset = "0", size, module] = match;
  return { name, offset: parseInt(offset, 16), size: size === undefined ? undefined : parseInt(size, 16), module };
}

export const symbolText = ({ name, offset, size, module }: SymbolText): string =>
  `${printedPlace(name, offset, size)}${module === undefined ? "" : ` [${module}]`}`;

/**
 * Formats an address in a symbol for people, with Rust names demangled: `schedule+90`, in hexadecimal `schedule+0x5a`;
 * `schedule` at offset 0.
 */
export const symbolPlace = ({ name, address: start }: KSymbol, address: bigint, radix: 10 | 16 = 10): string =>
  withOffset(demangled(name), address - start, radix);

/**
 * Returns the symbol of several with the same name whose size is closest.
 * @returns undefined if the offset is outside both this symbol and the size in the text
 */
export function closestSymbol(symbols: readonly KSymbol[], { size, offset }: SymbolText): KSymbol | undefined {
  const misfit = (symbol: KSymbol): number => (size === undefined ? 0 : Math.abs(size - symbol.size));
  const [best] = symbols.toSorted((a, b) => misfit(a) - misfit(b));
  if (!best) return undefined;
  // `f+0x50/0x50`: the return address after a call that never returns is the end of f. The kernel's `%pB` names it so.
  return offset < Math.max(best.size, 1) || offset <= (size ?? 0) ? best : undefined;
}
