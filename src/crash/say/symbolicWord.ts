import { attempt, Fault } from "../../base/fault.ts";
import { hex } from "../../base/hex.ts";
import { cacheName } from "../../linux/slab/slab.ts";
import { slabObjectAt } from "../../linux/slab/slabObject.ts";
import type { Context } from "../language/command.ts";
import { symbolSpan } from "./symbolSpan.ts";
import type { Span } from "../../say/piece.ts";

/** How slab objects are named: not at all, `[task_struct]`, or `[ffff8ef683e520c0:task_struct]`. */
export type SlabNames = "none" | "cache" | "address";

/** What a word of memory points at, as `rd -s` and `rd -S` write it: `init_task+168`, `[task_struct]`. */
export function symbolic({ kernel }: Pick<Context, "kernel">, word: bigint, slabs: SlabNames): Span | undefined {
  if (!kernel.memory.isKernelAddress(word)) return undefined;
  const symbol = kernel.symbols.at(word);
  if (symbol) return symbolSpan(symbol, word);
  if (slabs === "none") return undefined;
  // Whether a word is a slab object is a guess: where the dump cannot say, it is shown as the number it is.
  const cache = attempt(() => {
    const object = slabObjectAt(kernel, word);
    return object && cacheName(object.cache);
  });
  if (cache === undefined || cache instanceof Fault) return undefined;
  return { as: "address", text: slabs === "cache" ? `[${cache}]` : `[${hex(word)}:${cache}]`, address: word };
}
