/** Shows a word of memory as the symbol or slab object that it points to. */
import { attempt, Fault } from "../../base/fault.ts";
import { hex } from "../../base/hex.ts";
import { cacheName } from "../../linux/slab/slab.ts";
import { slabObjectAt } from "../../linux/slab/slabObject.ts";
import type { Context } from "../language/command.ts";
import { symbolSpan } from "./symbolSpan.ts";
import type { Span } from "../../say/piece.ts";

/** How to show slab objects: as a number, as `[task_struct]`, or as `[ffff8ef683e520c0:task_struct]`. */
export type SlabNames = "none" | "cache" | "address";

/**
 * Returns what a word of memory points to, as `rd -s` and `rd -S` print it: `init_task+168`, `[task_struct]`. Undefined
 * for a word that is only a number.
 */
export function symbolic({ kernel }: Pick<Context, "kernel">, word: bigint, slabs: SlabNames): Span | undefined {
  if (!kernel.memory.isKernelAddress(word)) return undefined;
  const symbol = kernel.symbols.at(word);
  if (symbol) return symbolSpan(symbol, word);
  if (slabs === "none") return undefined;
  // Whether a word points to a slab object is a guess. If the dump cannot tell, show the number.
  const cache = attempt(() => {
    const object = slabObjectAt(kernel, word);
    return object && cacheName(object.cache);
  });
  if (cache === undefined || cache instanceof Fault) return undefined;
  return { as: "address", text: slabs === "cache" ? `[${cache}]` : `[${hex(word)}:${cache}]`, address: word };
}
