import type { Context } from "./command.ts";
import type { Span } from "./piece.ts";

/**
 * The symbol that a word of memory points at, as `rd -s` and `bt -F` write it: `init_task+168`.
 * @param slab 1 to name the cache of a slab object as well, `[task_struct]`; 2 with its address
 */
export function symbolic({ kernel }: Context, word: bigint, _slab: number): Span | undefined {
  if (!kernel.memory.isKernelAddress(word)) return undefined;
  const symbol = kernel.symbols.at(word);
  if (!symbol) return undefined;
  const offset = word - symbol.address;
  return { as: "symbol", text: offset === 0n ? symbol.name : `${symbol.name}+${offset}`, address: word };
}
