import { printedPlace, withOffset } from "../../base/nameOffset.ts";
import { demangled } from "../../base/rust/demangle.ts";
import type { KSymbol } from "../source.ts";

/** `lab_apply+0x2f/0x43 [lab_nullderef]`, as the kernel's `%pS` writes a place in code (lib/vsprintf.c: symbol_string). */
export interface SymbolText {
  readonly name: string;
  readonly offset: number;
  /** Bytes from this symbol to the next, padding and all: tells functions of one name apart. */
  readonly size: number | undefined;
  readonly module: string | undefined;
}

const TEXT = /^([A-Za-z_.$][\w.$]*)(?:\+0x([0-9a-f]{1,8}))?(?:\/0x([0-9a-f]{1,8}))?(?: \[([\w-]+)\])?$/;

export function readSymbolText(text: string): SymbolText | undefined {
  const match = TEXT.exec(text);
  if (!match) return undefined;
  const [, name = "", offset = "0", size, module] = match;
  return { name, offset: parseInt(offset, 16), size: size === undefined ? undefined : parseInt(size, 16), module };
}

export const symbolText = ({ name, offset, size, module }: SymbolText): string =>
  `${printedPlace(name, offset, size)}${module === undefined ? "" : ` [${module}]`}`;

/** `schedule+90`, in hexadecimal `schedule+0x5a`; `schedule` at its start: a place in a symbol for people to read, Rust's demangled. */
export const symbolPlace = ({ name, address: start }: KSymbol, address: bigint, radix: 10 | 16 = 10): string =>
  withOffset(demangled(name), address - start, radix);

/**
 * Of symbols with one name the one that is meant: whose size comes closest.
 * @returns undefined when the offset lies outside of it
 */
export function symbolMeant(symbols: readonly KSymbol[], { size, offset }: SymbolText): KSymbol | undefined {
  const misfit = (symbol: KSymbol): number => (size === undefined ? 0 : Math.abs(size - symbol.size));
  const [best] = symbols.toSorted((a, b) => misfit(a) - misfit(b));
  if (!best) return undefined;
  // `f+0x50/0x50`: behind a call that never returns, f's last instruction; the kernel's `%pB` names it so.
  return offset < Math.max(best.size, 1) || offset <= (size ?? 0) ? best : undefined;
}
