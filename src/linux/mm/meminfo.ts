/**
 * Numbers of /proc/meminfo (fs/proc/meminfo.c), all in pages. Each has a function, because one can fail without the
 * others.
 */
import { Fault } from "../../base/fault.ts";
import type { Kernel } from "../../model/kernel.ts";
import { blockDevicePages } from "../block/bdev.ts";
import { hstates, hugePageBytes } from "./hugetlb.ts";
import { percpuCounterSum, totalramPages } from "./mm.ts";
import { zones } from "./mmzone.ts";
import { pageSize } from "./page.ts";
import { swapAreas, swapPagesInUse, totalSwapPages } from "./swap.ts";
import { globalCounter } from "./vmstat.ts";
import { globalU32, globalWord } from "../vmcoreinfo.ts";

const required = (value: number | undefined, what: string): number => {
  if (value === undefined) throw Fault.of("unknown", `this kernel has no counter of ${what}`);
  return value;
};

/** Returns the number of free pages. @throws Fault */
export function freePages(kernel: Kernel): number {
  const counted = globalCounter(kernel, "NR_FREE_PAGES");
  if (counted !== undefined) return counted;
  let pages = 0;
  for (const zone of zones(kernel)) pages += zone.at("free_pages").number();
  return pages;
}

/** Returns the size of the page cache without swap cache and block devices. @throws Fault */
export function cachedPages(kernel: Kernel): number {
  const files = required(globalCounter(kernel, "NR_FILE_PAGES"), "file pages");
  return Math.max(0, files - swapCachePages(kernel) - blockDevicePages(kernel));
}

/**
 * Returns the size of the swap cache. It has a counter since Linux kernel commit b6038942480e ("mm: memcg: add
 * swapcache stat for memcg v2") (in v5.12). @throws Fault
 */
function swapCachePages(kernel: Kernel): number {
  const counted = globalCounter(kernel, "NR_SWAPCACHE");
  if (counted !== undefined) return counted;
  let pages = 0;
  for (const { type } of swapAreas(kernel)) {
    const spaces = kernel.variable("swapper_spaces").index(type);
    const count = kernel.variable("nr_swapper_spaces").index(type).number();
    for (let i = 0; i < count; i++) pages += spaces.index(i).at("nrpages").number();
  }
  return pages;
}

/** Returns the number of pages of the slab allocator. @throws Fault */
export function slabPages(kernel: Kernel): number {
  // The suffix "_B" exists since Linux kernel commit d42f3245c7e2 ("mm: memcg: convert vmstat slab counters to bytes")
  // (in v5.9).
  const reclaimable = globalCounter(kernel, "NR_SLAB_RECLAIMABLE_B", "NR_SLAB_RECLAIMABLE");
  const unreclaimable = globalCounter(kernel, "NR_SLAB_UNRECLAIMABLE_B", "NR_SLAB_UNRECLAIMABLE");
  if (reclaimable === undefined || unreclaimable === undefined)
    return required(globalCounter(kernel, "NR_SLAB"), "slab pages");
  return reclaimable + unreclaimable;
}

/** Returns the number of slab pages that memory pressure cannot free. @throws Fault */
export const unreclaimableSlabPages = (kernel: Kernel): number =>
  required(globalCounter(kernel, "NR_SLAB_UNRECLAIMABLE_B", "NR_SLAB_UNRECLAIMABLE"), "unreclaimable slab pages");

/** Returns the number of pages of user page tables. @throws Fault */
export const pageTablePages = (kernel: Kernel): number =>
  required(globalCounter(kernel, "NR_PAGETABLE"), "page tables");

/** Returns the number of pages that vmalloc() allocated: VmallocUsed. @throws Fault */
export const vmallocPages = (kernel: Kernel): number =>
  required(
    globalWordNumber(kernel, "nr_vmalloc_pages") ?? globalCounter(kernel, "NR_VMALLOC"),
    "pages of the vmalloc space",
  );

/** Returns the number of pages of per-CPU data (mm/percpu.c: pcpu_nr_pages). @throws Fault */
export const perCpuPages = (kernel: Kernel): number =>
  required(globalWordNumber(kernel, "pcpu_nr_populated"), "per-CPU pages") *
  required(globalU32(kernel, "pcpu_nr_units"), "per-CPU units");

function globalWordNumber(kernel: Kernel, name: string): number | undefined {
  const word = globalWord(kernel, name);
  return word === undefined ? undefined : Number(word);
}

/** Numbers of huge pages, in base pages. */
export interface HugePages {
  readonly total: number;
  readonly free: number;
}

/** Returns the huge pages of all sizes, in base pages. @throws Fault */
export function hugePages(kernel: Kernel): HugePages {
  const pages = { total: 0, free: 0 };
  for (const state of hstates(kernel)) {
    const each = hugePageBytes(state) / pageSize(kernel);
    pages.total += each * state.at("nr_huge_pages").number();
    pages.free += each * state.at("free_huge_pages").number();
  }
  return pages;
}

/** Returns the number of swap pages in use. @throws Fault */
export function swapUsed(kernel: Kernel): number {
  let pages = 0;
  for (const { area } of swapAreas(kernel)) pages += swapPagesInUse(area);
  return pages;
}

/** Returns CommitLimit: how many pages processes may commit (mm/util.c: vm_commit_limit). @throws Fault */
export function commitLimit(kernel: Kernel): number {
  const kilobytes = Number(globalWord(kernel, "sysctl_overcommit_kbytes") ?? 0n);
  const allowed =
    kilobytes > 0
      ? Math.floor(kilobytes / (pageSize(kernel) / 1024))
      : Math.floor(
          ((Number(totalramPages(kernel)) - hugePages(kernel).total) *
            required(overcommitRatio(kernel), "the overcommit ratio")) /
            100,
        );
  return allowed + totalSwapPages(kernel);
}

const overcommitRatio = (kernel: Kernel): number | undefined => globalU32(kernel, "sysctl_overcommit_ratio");

/** Returns Committed_AS: how many pages processes have committed. @throws Fault */
export const committedPages = (kernel: Kernel): number =>
  Math.max(0, percpuCounterSum(kernel.variable("vm_committed_as")));
