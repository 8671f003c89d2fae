/** Implements `kmem -r`: lists root slab caches. */
import { UsageError } from "../../../../base/usageError.ts";
import { listEntries } from "../../../../kernel/list.ts";
import { cacheName, findCache } from "../../../../linux/slab/slab.ts";
import { slabUsage, type SlabUsage } from "../../../../linux/slab/slabUsage.ts";
import type { Kernel } from "../../../../model/kernel.ts";
import type { Obj } from "../../../../model/object.ts";
import type { Pieces } from "../../../../say/piece.ts";
import { cacheHeading, cacheRow, type CacheChoice, ignoredRow } from "./slabs.ts";

/**
 * Lists root caches, each with the sum of its children of memory control groups. They are separate caches from v4.11
 * until Linux kernel commit 9855609bde03 ("mm: memcg/slab: use a single set of kmem_caches for all accounted
 * allocations") (in v5.9).
 */
export function* rootCacheTable(kernel: Kernel, choice: CacheChoice): Pieces {
  if (!kernel.symbols.find("slab_root_caches")) throw new UsageError("this kernel has no root caches: use -s");
  if (choice.name !== undefined && !findCache(kernel, choice.name))
    throw new UsageError(`no root cache is named ${choice.name}; "kmem -r" lists them`);
  yield cacheHeading(kernel);
  const roots = kernel.variable("slab_root_caches");
  for (const root of listEntries(kernel, roots, "struct kmem_cache", "memcg_params.__root_caches_node")) {
    if (choice.name !== undefined && cacheName(root) !== choice.name) continue;
    yield ignoredRow(root, choice) ?? cacheRow(root, undefined, () => accumulated(root));
  }
}

/** Returns the usage of a root cache plus that of its children. @throws Fault */
function accumulated(root: Obj): SlabUsage {
  const sum = { ...slabUsage(root) };
  const children = root.at("memcg_params.children");
  for (const child of listEntries(root.kernel, children, "struct kmem_cache", "memcg_params.children_node")) {
    const usage = slabUsage(child);
    sum.allocated += usage.allocated;
    sum.total += usage.total;
    sum.slabs += usage.slabs;
  }
  return sum;
}
