import { hex0x } from "../../base/hex.ts";
import { cacheName } from "../../linux/slab/slab.ts";
import { slabObjectAt, slabState } from "../../linux/slab/slabObject.ts";
import type { Kernel } from "../../model/kernel.ts";

/** `kmalloc-64 object`, `kmalloc-64 object+0x10, free`; undefined for what no slab holds. @throws Fault */
export function slabGlance(kernel: Kernel, address: bigint): string | undefined {
  const object = kernel.memory.isKernelAddress(address) ? slabObjectAt(kernel, address) : undefined;
  if (!object) return undefined;
  const offset = address - object.address;
  const isFree = slabState(object.slab).free.has(object.index);
  return `${cacheName(object.cache)} object${offset === 0n ? "" : `+${hex0x(offset)}`}${isFree ? ", free" : ""}`;
}
