/** Names an address by its symbol. */
import { hex0x } from "../base/hex.ts";
import { sizeOf } from "../debuginfo/ctype.ts";
import { symbolPlace } from "../debuginfo/symbols/symbolText.ts";
import type { Kernel } from "./kernel.ts";

/**
 * Largest size from kallsyms that is used without a declared type, because these sizes are distances to the next
 * symbol.
 */
const MAX_GAP = 0x10000n;

/** Formats an address, with its symbol if it is in one: `0xffffffff81e114f0 <schedule>`. */
export function addressText(kernel: Kernel, address: bigint): string {
  const name = symbolText(kernel, address);
  return `${hex0x(address)}${name === undefined ? "" : ` <${name}>`}`;
}

/** Formats the address of a function or variable: its symbol, or else the number. */
export const symbolOrAddress = (kernel: Kernel, address: bigint): string =>
  symbolText(kernel, address, true) ?? hex0x(address);

/**
 * Formats an address in a symbol of the kernel or a module: `init_task+2192`; undefined if no symbol contains it.
 * @param ofText a string starts there: string literals have no symbol, so that a symbol before them is unrelated
 */
export function symbolText(kernel: Kernel, address: bigint, ofText = false): string | undefined {
  // x86_64's per-CPU symbols are small numbers, which a small number in a pointer does not mean.
  const symbol = kernel.memory.isKernelAddress(address) ? kernel.symbols.at(address) : undefined;
  if (!symbol) return undefined;
  const offset = address - symbol.address;
  const shown = symbol.object === undefined ? symbol : { ...symbol, name: symbol.object };
  if (offset === 0n) return symbolPlace(shown, address);
  if (symbol.size > 0 && offset >= BigInt(symbol.size)) return undefined;
  if (ofText || offset >= MAX_GAP) {
    // `.LC3` and `jumptable.50` are not variables, and the debuginfo can take a second to show that.
    const type = /^\w+$/.test(symbol.name) ? kernel.types.variable(symbol.name) : undefined;
    if (!type || offset >= BigInt(sizeOf(type))) return undefined;
  }
  return symbolPlace(shown, address);
}
