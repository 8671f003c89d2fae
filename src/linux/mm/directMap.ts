/** The direct map: the kernel's linear mapping of all physical memory. */
import { orThrow } from "../../base/fault.ts";
import { derived } from "../../model/derived.ts";
import type { Kernel } from "../../model/kernel.ts";
import { globalWord, noteSymbol } from "../vmcoreinfo.ts";

/**
 * Difference between a direct-map address and its physical address (`__va()`), in bytes.
 * x86_64 has it in `page_offset_base`. Other architectures: computed from the first `struct kmem_cache` of
 * `slab_caches`, because the slab allocator allocates in the direct map and the page tables give the physical address.
 * @throws Fault
 */
export const directMapOffset = derived("direct map", (kernel): bigint => {
  const base = globalWord(kernel, "page_offset_base");
  if (base !== undefined) return base;
  const cache = kernel.memory.word(noteSymbol(kernel, "slab_caches"));
  return cache - orThrow(kernel.memory.translate(cache)).physical;
});

/** Returns the direct-map address of a physical address (`__va()`). @throws Fault as `directMapOffset` */
export const physicalToVirtual = (kernel: Kernel, physical: bigint): bigint =>
  BigInt.asUintN(kernel.arch.wordSize * 8, physical + directMapOffset(kernel));
