import { attempt, Fault } from "../../base/fault.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import { cacheName } from "../slab/slab.ts";
import { slabObjectAt } from "../slab/slabObject.ts";
import { globalAddress } from "../vmcoreinfo.ts";

/**
 * The `struct mm_struct` that a user named: `init_mm`, or an object of the slab cache that they are all from
 * (kernel/fork.c: mm_cache_init).
 * @returns undefined where there is none
 * @throws Fault when it cannot be read
 */
export function mmAt(kernel: Kernel, address: bigint): Obj<"struct mm_struct"> | undefined {
  const mm = kernel.object("struct mm_struct", address);
  if (!kernel.memory.isKernelAddress(address)) return undefined;
  if (address === globalAddress(kernel, "init_mm")) return mm;
  const object = attempt(() => slabObjectAt(kernel, address));
  // Where slabs cannot be told, what has no page directory is surely none.
  if (object instanceof Fault) return kernel.memory.isKernelAddress(mm.at("pgd").value()) ? mm : undefined;
  return object?.address === address && cacheName(object.cache) === "mm_struct" ? mm : undefined;
}
