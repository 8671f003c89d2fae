import { orThrow } from "../../base/fault.ts";
import { derived } from "../../model/derived.ts";
import type { Kernel } from "../../model/kernel.ts";
import { globalWord, noteSymbol } from "../vmcoreinfo.ts";

/**
 * What is added to a physical address to reach it in the kernel's linear mapping of all memory (`__va()`).
 *
 * x86_64 keeps it in `page_offset_base`. Elsewhere it follows from any object that is known to lie in the mapping and
 * whose page the tables tell: a `struct kmem_cache` comes from the slab allocator.
 * @throws Fault
 */
export const directMapOffset = derived("direct map", (kernel): bigint => {
  const base = globalWord(kernel, "page_offset_base");
  if (base !== undefined) return base;
  const cache = kernel.memory.word(noteSymbol(kernel, "slab_caches"));
  return cache - orThrow(kernel.memory.translate(cache)).physical;
});

/** Where the kernel sees a physical address (`__va()`). @throws Fault as `directMapOffset` */
export const physicalToVirtual = (kernel: Kernel, physical: bigint): bigint =>
  BigInt.asUintN(kernel.arch.wordSize * 8, physical + directMapOffset(kernel));
