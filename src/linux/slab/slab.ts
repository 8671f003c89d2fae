/** Caches of the slab allocator, SLUB or SLAB. */
import { Fault } from "../../base/fault.ts";
import { bare } from "../../debuginfo/ctype.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import { listEntries } from "../../kernel/list.ts";
import { headOf, namedHead } from "../../kernel/listHead.ts";
import { derived } from "../../model/derived.ts";
import { pglistData } from "../mm/mmzone.ts";
import { pageSize } from "../mm/page.ts";
import { globalAddress } from "../vmcoreinfo.ts";

/** Yields every cache of the slab allocator, `struct kmem_cache`, newest first. @throws Fault as `listEntries` */
export const slabCaches = (kernel: Kernel): Generator<Obj<"struct kmem_cache">> =>
  listEntries(kernel, cacheList(kernel), "struct kmem_cache", "list");

/** Number of words of `kmalloc_caches` that are examined: types of memory times sizes. */
const MAX_KMALLOC = 128;
/** Maximum size of an object in bytes: KMALLOC_MAX_SIZE is at most 32 MiB. */
const MAX_OBJECT_BYTES = 32n << 20n;

/**
 * Returns the head of the list of caches. A kernel without CONFIG_KALLSYMS_ALL does not name it: then it is found from
 * the first cache of kmalloc(), whose table is exported. @throws Fault
 */
const cacheList = derived("cache list", (kernel): Obj<"struct list_head"> =>
  namedHead(kernel, "slab_caches", () => {
    const table = globalAddress(kernel, "kmalloc_caches");
    if (table === undefined) return undefined;
    for (let i = 0; i < MAX_KMALLOC; i++) {
      const address = kernel.memory.word(table + BigInt(i * kernel.arch.wordSize));
      if (address !== 0n) return headOf(kernel.object("struct kmem_cache", address), "list", isCache);
    }
    return undefined;
  }),
);

/** Whether an object can be a cache: its name is text, and its objects have a size. @throws Fault */
function isCache(cache: Obj<"struct kmem_cache">): boolean {
  const [used, size] = [cache.at("object_size").value(), cache.at("size").value()];
  return used > 0n && used <= size && size <= MAX_OBJECT_BYTES && /^[\x20-\x7e]+$/.test(cacheName(cache));
}

/** Returns the name of a cache. @throws Fault */
export const cacheName = (cache: Obj<"struct kmem_cache">): string => cache.at("name").text();

/**
 * Returns the first cache with a name; undefined if there is none. Several caches can have the same name. @throws Fault
 * as `slabCaches`
 */
export function findCache(kernel: Kernel, name: string): Obj<"struct kmem_cache"> | undefined {
  for (const cache of slabCaches(kernel)) if (cacheName(cache) === name) return cache;
  return undefined;
}

/**
 * Whether the kernel has the SLAB allocator and not SLUB. SLAB was removed by Linux kernel commit 16a1d968358a
 * ("mm/slab: remove mm/slab.c and slab_def.h") (in v6.8).
 */
export const isSlabAllocator = (cache: Obj<"struct kmem_cache">): boolean => cache.has("num");

/** Returns the usable size of an object, in bytes. @throws Fault */
export function objectSize(cache: Obj<"struct kmem_cache">): number {
  // Renamed in Linux kernel commit 3b0efdfa1e71 ("mm, sl[aou]b: Extract common fields from struct kmem_cache") (in
  // v3.6).
  return cache.at(cache.has("object_size") ? "object_size" : "objsize").number();
}

/** Returns the distance from one object to the next, in bytes. @throws Fault */
export const objectStride = (cache: Obj<"struct kmem_cache">): number => cache.at("size").number();

/**
 * Bits of `oo` that contain the number of objects; the bits above contain the order of the slab (mm/slub.c: OO_SHIFT).
 */
const OO_SHIFT = 16;

/**
 * Returns the size of a new slab, in bytes. Existing slabs can be smaller if memory was short when they were allocated.
 * @throws Fault
 */
export function slabBytes(cache: Obj<"struct kmem_cache">): number {
  const order = isSlabAllocator(cache) ? cache.at("gfporder").number() : cache.at("oo.x").number() >>> OO_SHIFT;
  if (order > 32) throw Fault.at("corrupt", cache.address, `slab order ${order} exceeds the limit of 32`);
  return pageSize(cache.kernel) * 2 ** order;
}

/** include/linux/slab.h. Since v6.9 `enum _slab_flag_bits` has the bit numbers. */
const SLAB_FLAGS = {
  SLAB_RED_ZONE: 0x400n,
  SLAB_POISON: 0x800n,
  /** __OBJECT_POISON of mm/slub.c: free objects of the cache are poisoned. */
  SLAB_OBJECT_POISON: 0x8000_0000n,
  SLAB_STORE_USER: 0x10000n,
  SLAB_RECLAIM_ACCOUNT: 0x20000n,
  /** Before v4.12: SLAB_DESTROY_BY_RCU. */
  SLAB_TYPESAFE_BY_RCU: 0x80000n,
} as const;

type SlabFlag = keyof typeof SLAB_FLAGS;

/**
 * Whether any cache can have debugging flags. There is a static key for it since Linux kernel commit
 * ca0cab65ea2b ("mm, slub: introduce static key for slub_debug()") (in v5.9); before, the answer is true because it is
 * not known.
 */
function isDebugging(kernel: Kernel): boolean {
  const key = globalAddress(kernel, "slub_debug_enabled");
  return key === undefined || kernel.memory.u32(key) !== 0;
}

/** Whether a cache was created with a debugging flag. @throws Fault */
export const hasSlabFlag = (
  cache: Obj<"struct kmem_cache">,
  name: Exclude<SlabFlag, "SLAB_RECLAIM_ACCOUNT" | "SLAB_TYPESAFE_BY_RCU">,
): boolean =>
  // This check comes first because finding out that an enum does not exist searches all debuginfo.
  isDebugging(cache.kernel) && isFlagSet(cache, name);

/** Whether the kernel counts the pages of a cache as reclaimable, such as those of dentries and inodes. @throws Fault */
export const isReclaimable = (cache: Obj<"struct kmem_cache">): boolean => isFlagSet(cache, "SLAB_RECLAIM_ACCOUNT");

/**
 * Whether readers under RCU may use an object of a cache after it was freed: it then is an object of the same type, free
 * or in use again. @throws Fault
 */
export const isTypesafeByRcu = (cache: Obj<"struct kmem_cache">): boolean => isFlagSet(cache, "SLAB_TYPESAFE_BY_RCU");

function isFlagSet(cache: Obj<"struct kmem_cache">, name: SlabFlag): boolean {
  const bits = cache.kernel.types.find("enum", "_slab_flag_bits");
  const bit = bits?.kind === "enum" ? bits.values.find((one) => one.name === `_${name}`)?.value : undefined;
  return (cache.at("flags").value() & (bit === undefined ? SLAB_FLAGS[name] : 1n << bit)) !== 0n;
}

/**
 * Whether several users share this cache: mm/slab_common.c merges caches of the same size and counts them in
 * `refcount`. @throws Fault
 */
export const isMerged = (cache: Obj): boolean => cache.has("refcount") && cache.at("refcount").number() > 1;

/** The per-node data of a cache. */
export interface CacheNode {
  readonly id: number;
  /** `struct kmem_cache_node`. */
  readonly node: Obj<"struct kmem_cache_node">;
}

/** Yields the `struct kmem_cache_node` of each memory node that has one. @throws Fault */
export function* cacheNodes(cache: Obj<"struct kmem_cache">): Generator<CacheNode> {
  for (const { id, holder } of nodeHolders(cache)) {
    const node = bare(holder.type).kind === "pointer" ? holder : holder.at("node");
    if (node.value() !== 0n) yield { id, node: node.deref() };
  }
}

/**
 * Yields the element of the cache's per-node array for each memory node. The array is `node[]` with pointers to `struct
 * kmem_cache_node`; since v7.1 `per_node[]` with pairs of pointers, to that and to the barn. It is allocated for the
 * existing nodes, so that its declared length does not count. @throws Fault
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
