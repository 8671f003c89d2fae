/** Names an address by the symbol that it lies in. */
import { sizeOf } from "../debuginfo/ctype.ts";
import { symbolPlace } from "../debuginfo/symbols/symbolText.ts";
import type { Kernel } from "./kernel.ts";

/** Sizes from kallsyms are gaps to the next symbol: from here on a size needs a declared type to be believed. */
const MAX_GAP = 0x10000n;

/**
 * `init_task+2192`, for an address within a symbol of the kernel or a module.
 * @param ofText a string starts there: string literals have no symbol, whatever stands before them
 */
export function symbolText(kernel: Kernel, address: bigint, ofText = false): string | undefined {
  // x86_64's per-CPU symbols are small numbers: not what a small number in a pointer means.
  const symbol = kernel.memory.isKernelAddress(address) ? kernel.symbols.at(address) : undefined;
  if (!symbol) return undefined;
  const offset = address - symbol.address;
  if (offset === 0n) return symbolPlace(symbol, address);
  if (symbol.size > 0 && offset >= BigInt(symbol.size)) return undefined;
  if (ofText || offset >= MAX_GAP) {
    // `.LC3` and `jumptable.50` are no variables, and to learn that of the debuginfo may take a second.
    const type = /^\w+$/.test(symbol.name) ? kernel.types.variable(symbol.name) : undefined;
    if (!type || offset >= BigInt(sizeOf(type))) return undefined;
  }
  return symbolPlace(symbol, address);
}
