import type { StructType } from "../../debuginfo/ctype.ts";
import type { Kernel } from "../../model/kernel.ts";
import { slabObjectAt } from "./slabObject.ts";
import { objectSize } from "./slab.ts";

/**
 * The structure that a slab object is, where its cache is named for it (KMEM_CACHE() does) and the size fits; only for
 * an address where an object begins. Undefined for caches of many types, such as kmalloc-64. @throws Fault
 */
export function slabCacheType(kernel: Kernel, address: bigint): StructType | undefined {
  const object = slabObjectAt(kernel, address);
  if (object?.address !== address) return undefined;
  const name = object.cache.at("name").text();
  const type = kernel.types.find("struct", name);
  const size = objectSize(object.cache);
  return type?.kind === "struct" && type.size > 0 && type.size <= size && type.size > size - 64 ? type : undefined;
}
