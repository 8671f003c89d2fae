/** Numbers of a kernel's memory layout, for `mach -m` and for commands that print addresses of areas. */
import type { LayoutFacts } from "./arch.ts";

/**
 * Returns the numbers of the layout: the width of virtual addresses in bits, the levels of page tables, and those of
 * `keys` that VMCOREINFO has as `NUMBER(KEY)`.
 */
export function layoutNumbers(
  facts: LayoutFacts,
  virtualBits: number,
  levels: number,
  keys: readonly string[],
): ReadonlyMap<string, bigint> {
  const numbers = new Map<string, bigint>([
    ["VA_BITS", BigInt(virtualBits)],
    ["page table levels", BigInt(levels)],
  ]);
  for (const key of keys) {
    const value = facts.number(`NUMBER(${key})`);
    if (value !== undefined) numbers.set(key, BigInt.asUintN(64, value));
  }
  return numbers;
}
