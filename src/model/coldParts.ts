/** Cold parts of functions: rarely executed code that the compiler moved away from the rest of the function. */
import type { KSymbol } from "../debuginfo/source.ts";
import { derived } from "./derived.ts";
import type { Kernel } from "./kernel.ts";

/** The suffix of a cold part's symbol. GCC 8 numbers the parts: `f.cold.12`. */
const COLD = /\.cold(?:\.\d{1,9})?$/;

const partsByName = derived("cold parts", (kernel): ReadonlyMap<string, readonly KSymbol[]> => {
  const parts = new Map<string, KSymbol[]>();
  for (const symbol of kernel.symbols.all()) {
    const name = symbol.name.replace(COLD, "");
    if (name === symbol.name) continue;
    const known = parts.get(name);
    if (known) known.push(symbol);
    else parts.set(name, [symbol]);
  }
  return parts;
});

/** Returns the function that a cold part belongs to; undefined for a symbol that is not a cold part. */
export function functionOfColdPart({ symbols }: Kernel, { name, module }: KSymbol): KSymbol | undefined {
  const whole = name.replace(COLD, "");
  return whole === name ? undefined : symbols.named(whole).find((one) => one.module === module);
}

/** Returns the cold parts of a function. Functions of the same name in one module share them. */
export const coldPartsOf = (kernel: Kernel, { name, module }: KSymbol): readonly KSymbol[] =>
  (partsByName(kernel).get(name) ?? []).filter((one) => one.module === module);
