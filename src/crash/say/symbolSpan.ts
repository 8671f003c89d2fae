/** Shows a symbol with an offset as a link. */
import { demangled } from "../../base/rust/demangle.ts";
import type { KSymbol } from "../../debuginfo/source.ts";
import { symbolPlace } from "../../debuginfo/symbols/symbolText.ts";
import type { Span } from "../../say/piece.ts";

export type SymbolSpan = Extract<Span, { readonly as: "symbol" }>;

/** Returns a link to an address in a symbol: `schedule+90`, or `schedule` at its start or if `radix` is "none". */
export function symbolSpan(symbol: KSymbol, address: bigint, radix: 10 | 16 | "none" = 10): SymbolSpan {
  const name = demangled(symbol.name);
  const text = radix === "none" ? name : symbolPlace(symbol, address, radix);
  return { as: "symbol", text, address, ...(name !== symbol.name && { raw: symbol.name }) };
}
