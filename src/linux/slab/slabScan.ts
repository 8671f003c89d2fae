/** Search for slabs in the `struct page`s of all memory. */
import { attempt, Fault } from "../../base/fault.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import { memoryModel } from "../mm/memoryModel.ts";
import { pageStructs } from "../mm/pageStruct.ts";
import { slabOfPfn, slabPageTest } from "./slabPage.ts";
import { readSlab, type Slab } from "./slub.ts";
import type { SlabCount } from "./slabUsage.ts";

/** Progress of a scan, in page frames. */
export interface ScanProgress {
  readonly done: number;
  readonly total: number;
}

/**
 * Yields the slabs found in all `struct page`s, including those that are on no list of their cache, such as full slabs.
 * Also yields the progress, and a fault for each page of structs or slab that cannot be read. @param wanted cache whose
 * slabs to yield; default: all caches @throws Fault if slab pages cannot be recognized
 */
export function* slabsOfPages(
  kernel: Kernel,
  wanted?: Obj<"struct kmem_cache">,
): Generator<Slab | Fault | ScanProgress, void, void> {
  const total = memoryModel(kernel).runs.at(-1)?.end ?? 0;
  const isSlab = slabPageTest(kernel);
  let done = 0;
  for (const page of pageStructs(kernel, 0, total)) {
    if (++done % 4096 === 0) yield { done, total };
    if (page instanceof Fault) yield page;
    else if (isSlab(page)) {
      const slab = attempt(() => {
        const found = slabOfPfn(kernel, page.pfn);
        const isHead = found?.slab === page.address && (!wanted || found.cache.address === wanted.address);
        return isHead ? readSlab(found.cache, found.slab) : undefined;
      });
      if (slab) yield slab;
    }
  }
}

/**
 * Counts the slabs and objects of each cache, by the cache's address, in all pages. Use it for kernels that do not
 * count them. @throws Fault
 */
export function* countSlabs(kernel: Kernel): Generator<ScanProgress, ReadonlyMap<bigint, SlabCount>, void> {
  const counts = new Map<bigint, SlabCount>();
  for (const step of slabsOfPages(kernel)) {
    if (step instanceof Fault) continue;
    if ("done" in step) yield step;
    else {
      const known = counts.get(step.cache.address) ?? { slabs: 0, total: 0 };
      counts.set(step.cache.address, { slabs: known.slabs + 1, total: known.total + step.objects });
    }
  }
  return counts;
}
