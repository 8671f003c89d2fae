import { Fault } from "../../base/fault.ts";
import { bare } from "../../debuginfo/ctype.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import { listEntries } from "../../kernel/list.ts";
import { pglistData } from "../mm/mmzone.ts";
import { pageSize } from "../mm/page.ts";
import { globalAddress } from "../vmcoreinfo.ts";

/** Every cache of the slab allocator, `struct kmem_cache`, newest first. @throws Fault as `listEntries` */
export const slabCaches = (kernel: Kernel): Generator<Obj<"struct kmem_cache">> =>
  listEntries(kernel, kernel.variable("slab_caches"), "struct kmem_cache", "list");

/** @throws Fault */
export const cacheName = (cache: Obj<"struct kmem_cache">): string => cache.at("name").text();

/** The known cache of that name; caches may share one. @throws Fault as `slabCaches` */
export function findCache(kernel: Kernel, name: string): Obj<"struct kmem_cache"> | undefined {
  for (const cache of slabCaches(kernel)) if (cacheName(cache) === name) return cache;
  return undefined;
}

/**
 * Whether the kernel has the SLAB allocator, which keeps lists of full slabs too; it went with Linux kernel commit
 * 16a1d968358a ("mm/slab: remove mm/slab.c and slab_def.h") (in v6.8).
 */
export const isSlabAllocator = (cache: Obj<"struct kmem_cache">): boolean => cache.has("num");

/** Bytes that an object's user may use. @throws Fault */
export function objectSize(cache: Obj<"struct kmem_cache">): number {
  // Since Linux kernel commit 3b0efdfa1e71 ("mm, sl[aou]b: Extract common fields from struct kmem_cache") (in v3.6).
  return cache.at(cache.has("object_size") ? "object_size" : "objsize").number();
}

/** Bytes from one object to the next. @throws Fault */
export const objectStride = (cache: Obj<"struct kmem_cache">): number => cache.at("size").number();

/** Bits of `oo` that count objects; the order of the slab's pages lies above (mm/slub.c: OO_SHIFT). */
const OO_SHIFT = 16;

/** Bytes of a slab: new ones at least, old ones may be smaller where memory was short. @throws Fault */
export function slabBytes(cache: Obj<"struct kmem_cache">): number {
  const order = isSlabAllocator(cache) ? cache.at("gfporder").number() : cache.at("oo.x").number() >>> OO_SHIFT;
  if (order > 32) throw Fault.at("corrupt", cache.address, `slabs of order ${order}`);
  return pageSize(cache.kernel) * 2 ** order;
}

/** Objects in a new slab. @throws Fault */
export const objectsPerSlab = (cache: Obj<"struct kmem_cache">): number =>
  isSlabAllocator(cache) ? cache.at("num").number() : cache.at("oo.x").number() & ((1 << OO_SHIFT) - 1);

/** include/linux/slab.h. Since v6.9 `enum _slab_flag_bits` numbers them. */
const SLAB_FLAGS = {
  SLAB_RED_ZONE: 0x400n,
  SLAB_POISON: 0x800n,
  SLAB_STORE_USER: 0x10000n,
} as const;

/**
 * Whether any cache can have flags of debugging: a static key since Linux kernel commit ca0cab65ea2b ("mm, slub:
 * introduce static key for slub_debug()") (in v5.9). Of kernels before it that is not known.
 */
function isDebugging(kernel: Kernel): boolean {
  const key = globalAddress(kernel, "slub_debug_enabled");
  return key === undefined || kernel.memory.u32(key) !== 0;
}

/** Whether a cache was made with a flag of debugging. @throws Fault */
export function hasSlabFlag(cache: Obj<"struct kmem_cache">, name: keyof typeof SLAB_FLAGS): boolean {
  // To find that a kernel does not have the enum takes a look at all debug information.
  if (!isDebugging(cache.kernel)) return false;
  const bits = cache.kernel.types.find("enum", "_slab_flag_bits");
  const bit = bits?.kind === "enum" ? bits.values.find((one) => one.name === `_${name}`)?.value : undefined;
  return (cache.at("flags").value() & (bit === undefined ? SLAB_FLAGS[name] : 1n << bit)) !== 0n;
}

/** Whether caches of other types share this one: mm/slab_common.c merges those of one size and counts them. @throws Fault */
export const isMerged = (cache: Obj): boolean => cache.has("refcount") && cache.at("refcount").number() > 1;

/** What a cache has on one memory node. */
export interface CacheNode {
  readonly id: number;
  /** `struct kmem_cache_node`. */
  readonly node: Obj<"struct kmem_cache_node">;
}

/** The cache's share of every memory node that has one. @throws Fault */
export function* cacheNodes(cache: Obj<"struct kmem_cache">): Generator<CacheNode> {
  for (const { id, holder } of nodeHolders(cache)) {
    const node = bare(holder.type).kind === "pointer" ? holder : holder.at("node");
    if (node.value() !== 0n) yield { id, node: node.deref() };
  }
}

/**
 * Where a cache keeps what it has on each node: `node[]`, pointers to the lists; since v7.1 `per_node[]`, pairs of
 * pointers to the lists and to the barn. The array is allotted for the nodes there are, whatever its declared length.
 * @throws Fault
 */
export function* nodeHolders(
  cache: Obj<"struct kmem_cache">,
): Generator<{ readonly id: number; readonly holder: Obj }> {
  const table = cache.at(cache.has("per_node") ? "per_node" : "node");
  for (const node of pglistData(cache.kernel)) {
    const id = node.at("node_id").number();
    yield { id, holder: table.index(id) };
  }
}
