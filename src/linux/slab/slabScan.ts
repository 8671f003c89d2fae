import { attempt, Fault } from "../../base/fault.ts";
import type { Kernel } from "../../model/kernel.ts";
import { memoryModel } from "../mm/memoryModel.ts";
import { pageStructs } from "../mm/pageStruct.ts";
import { slabOfPfn, slabPageTest } from "./slabPage.ts";
import { readSlab } from "./slub.ts";
import type { SlabCount } from "./slabUsage.ts";

/** How far a scan is, in page frames. */
export interface ScanProgress {
  readonly done: number;
  readonly total: number;
}

/** Slabs and objects of each cache, by the cache's address, counted over all pages: for kernels that do not count. @throws Fault */
export function* countSlabs(kernel: Kernel): Generator<ScanProgress, ReadonlyMap<bigint, SlabCount>, void> {
  const total = memoryModel(kernel).runs.at(-1)?.end ?? 0;
  const isSlab = slabPageTest(kernel);
  const counts = new Map<bigint, SlabCount>();
  let done = 0;
  for (const page of pageStructs(kernel, 0, total)) {
    if (++done % 4096 === 0) yield { done, total };
    if (page instanceof Fault || !isSlab(page)) continue;
    const slab = attempt(() => {
      const found = slabOfPfn(kernel, page.pfn);
      return found?.slab === page.address ? readSlab(found.cache, found.slab) : undefined;
    });
    if (slab === undefined || slab instanceof Fault) continue;
    const known = counts.get(slab.cache.address) ?? { slabs: 0, total: 0 };
    counts.set(slab.cache.address, { slabs: known.slabs + 1, total: known.total + slab.objects });
  }
  return counts;
}
