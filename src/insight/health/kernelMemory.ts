/** Checks how much of the memory the kernel takes for its own data. */
import { attempt, Fault } from "../../base/fault.ts";
import { possibleCpus } from "../../kernel/cpumask.ts";
import { perCpuAddress } from "../../kernel/percpu.ts";
import { pageTablePages, perCpuPages, unreclaimableSlabPages, vmallocPages } from "../../linux/mm/meminfo.ts";
import { pageSize } from "../../linux/mm/page.ts";
import { cacheName, findCache, isReclaimable, slabBytes, slabCaches } from "../../linux/slab/slab.ts";
import { countedByNodes } from "../../linux/slab/slabUsage.ts";
import { globalAddress } from "../../linux/vmcoreinfo.ts";
import type { Kernel } from "../../model/kernel.ts";
import { memoryShare } from "./memoryShare.ts";
import { sizeWords } from "./amounts.ts";

export const unreclaimableSlab = memoryShare({
  id: "unreclaimable-slab",
  title: "unreclaimable slabs",
  shows: "kmem -s",
  limit: 0.25,
  severity: "suspect",
  pages: unreclaimableSlabPages,
  remark: (kernel) => {
    const largest = attempt(() => largestUnreclaimableCache(kernel));
    return largest === undefined || largest instanceof Fault
      ? ""
      : `The largest such cache is ${largest.name} with ${sizeWords(largest.bytes)}.`;
  },
});

interface CacheSize {
  readonly name: string;
  readonly bytes: number;
}

/** Returns the unreclaimable cache with the most memory; undefined if no cache counts its slabs. @throws Fault */
function largestUnreclaimableCache(kernel: Kernel): CacheSize | undefined {
  let largest: CacheSize | undefined;
  for (const cache of slabCaches(kernel)) {
    const bytes = attempt(() => (isReclaimable(cache) ? 0 : countedByNodes(cache).slabs * slabBytes(cache)));
    if (!(bytes instanceof Fault) && bytes > (largest?.bytes ?? 0)) largest = { name: cacheName(cache), bytes };
  }
  return largest;
}

export const dentries = memoryShare({
  id: "dentries",
  title: "dentries",
  shows: "kmem -s dentry",
  limit: 0.1,
  severity: "note",
  pages: (kernel) => {
    const cache = findCache(kernel, "dentry");
    if (!cache) throw Fault.of("unknown", "no slab cache is named dentry");
    return (countedByNodes(cache).slabs * slabBytes(cache)) / pageSize(kernel);
  },
  remark: (kernel) => {
    const negative = attempt(() => perCpuSum(kernel, "nr_dentry_negative"));
    return typeof negative === "number"
      ? `Of the unused ones ${negative} are negative: they name files that do not exist.`
      : "";
  },
});

/**
 * Returns the sum of a per-CPU `long` over the possible CPUs, 0 if it is negative; undefined if the kernel does not have
 * the variable.
 */
function perCpuSum(kernel: Kernel, name: string): number | undefined {
  const base = globalAddress(kernel, name);
  if (base === undefined) return undefined;
  const bits = kernel.arch.wordSize * 8;
  const word = (cpu: number): bigint => BigInt.asIntN(bits, kernel.memory.word(perCpuAddress(kernel, base, cpu)));
  return Math.max(
    0,
    possibleCpus(kernel).reduce((sum, cpu) => sum + Number(word(cpu)), 0),
  );
}

export const pageTables = memoryShare({
  id: "page-tables",
  title: "page tables",
  shows: "kmem -V",
  limit: 0.1,
  severity: "suspect",
  pages: pageTablePages,
});

export const vmallocMemory = memoryShare({
  id: "vmalloc",
  title: "vmalloc() allocations",
  shows: "kmem -v",
  limit: 0.15,
  severity: "suspect",
  pages: vmallocPages,
});

export const perCpuMemory = memoryShare({
  id: "per-cpu",
  title: "per-CPU allocations",
  shows: "kmem -o",
  limit: 0.05,
  severity: "suspect",
  pages: perCpuPages,
});
