/** Checks how much of the memory the kernel takes for its own data. */
import { attempt, Fault } from "../../base/fault.ts";
import { possibleCpus } from "../../kernel/cpumask.ts";
import { perCpuAddress } from "../../kernel/percpu.ts";
import { pageTablePages, perCpuPages, unreclaimableSlabPages, vmallocPages } from "../../linux/mm/meminfo.ts";
import { pageSize } from "../../linux/mm/page.ts";
import { cacheName, findCache, slabBytes, slabCaches } from "../../linux/slab/slab.ts";
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
    const largest = largestCache(kernel);
    return largest instanceof Fault ? "" : `The largest cache is ${largest.name} with ${sizeWords(largest.bytes)}.`;
  },
});

/** Returns the cache with the most memory. */
const largestCache = (kernel: Kernel): { readonly name: string; readonly bytes: number } | Fault =>
  attempt(() => {
    let largest = { name: "", bytes: 0 };
    for (const cache of slabCaches(kernel)) {
      const bytes = attempt(() => countedByNodes(cache).slabs * slabBytes(cache));
      if (!(bytes instanceof Fault) && bytes > largest.bytes) largest = { name: cacheName(cache), bytes };
    }
    return largest;
  });

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
    const negative = attempt(() => summed(kernel, "nr_dentry_negative"));
    return typeof negative === "number" ? `${negative} of them are negative: they name files that do not exist.` : "";
  },
});

/** Returns the sum of a per-CPU `long` over the possible CPUs; undefined if the kernel does not have it. */
function summed(kernel: Kernel, name: string): number | undefined {
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
