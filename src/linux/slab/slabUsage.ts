/** Usage of slab caches. */
import { Fault } from "../../base/fault.ts";
import type { Obj } from "../../model/object.ts";
import { possibleCpus } from "../../kernel/cpumask.ts";
import { sheafSize, sheaves } from "./sheaf.ts";
import { cacheNodes, isSlabAllocator } from "./slab.ts";
import { freeObjects, objectLayout } from "./slubFreelist.ts";
import { cpuPartialSlabs, cpuSlab, nodeCounter, nodeSlabs, readSlab, type Slab } from "./slub.ts";
import { slabAllocatorUsage } from "./slabAllocator.ts";

/** Usage of a cache. */
export interface SlabUsage {
  /** Number of objects that the kernel has allocated from the cache. */
  readonly allocated: number;
  /** Number of objects that fit into the slabs of the cache. */
  readonly total: number;
  readonly slabs: number;
}

/** Slabs and objects of a cache, used if its nodes do not count them. */
export type SlabCount = Pick<SlabUsage, "total" | "slabs">;

/**
 * Computes the usage of a cache: the objects of its slabs minus the free ones. Free objects are on the freelists of
 * CPUs, of slabs that CPUs hold, and of partial slabs of the nodes, and in sheaves. @param counted result of a scan of
 * all pages, for kernels without CONFIG_SLUB_DEBUG @throws Fault
 */
export function slabUsage(cache: Obj<"struct kmem_cache">, counted?: SlabCount): SlabUsage {
  if (isSlabAllocator(cache)) return slabAllocatorUsage(cache);
  let free = 0;
  for (const { node } of cacheNodes(cache))
    for (const slab of nodeSlabs(cache, node, "partial")) free += freeOnSlab(slab);
  const { total, slabs } = counted ?? countedByNodes(cache);
  for (const cpu of possibleCpus(cache.kernel)) free += freeOnCpu(cache, cpu);
  for (const sheaf of sheaves(cache)) free += sheafSize(sheaf);
  return { allocated: total - free, total, slabs };
}

/**
 * Returns the slabs and objects that the nodes of a cache count; for SLAB those on the lists of its nodes. @throws Fault
 * "unknown" if the kernel does not count
 */
export function countedByNodes(cache: Obj<"struct kmem_cache">): SlabCount {
  if (isSlabAllocator(cache)) {
    const { total, slabs } = slabAllocatorUsage(cache);
    return { total, slabs };
  }
  if (!countsSlabs(cache))
    throw Fault.of("unknown", "the kernel does not count slabs because it was built without CONFIG_SLUB_DEBUG");
  let [total, slabs] = [0, 0];
  for (const { node } of cacheNodes(cache)) {
    total += nodeCounter(node, "total_objects") ?? 0;
    slabs += nodeCounter(node, "nr_slabs") ?? 0;
  }
  return { total, slabs };
}

/** Whether `countedByNodes` knows the slabs of a cache. */
export const countsSlabs = (cache: Obj<"struct kmem_cache">): boolean =>
  isSlabAllocator(cache) || cache.kernel.object("struct kmem_cache_node", 0n).has("nr_slabs");

const freeOnSlab = ({ objects, inuse }: Slab): number => objects - inuse;

function freeOnCpu(cache: Obj<"struct kmem_cache">, cpu: number): number {
  const own = cpuSlab(cache, cpu);
  if (!own) return 0;
  let free = 0;
  if (own.slab !== 0n) {
    const slab = readSlab(cache, own.slab);
    free += freeOnSlab(slab) + [...freeObjects(slab, objectLayout(slab), own.freelist)].length;
  }
  for (const slab of cpuPartialSlabs(cache, own)) free += freeOnSlab(slab);
  return free;
}
