import { itemAtOrBelow } from "../../base/search.ts";
import { sizeOf } from "../../debuginfo/ctype.ts";
import { Fault } from "../../base/fault.ts";
import { derived } from "../../model/derived.ts";
import type { Kernel } from "../../model/kernel.ts";
import { memoryNodes } from "./mm.ts";
import { hasSections, memSections, pagesPerSection, sectionMap, SECTION_HAS_MEM_MAP } from "./sparse.ts";

/** Page frames whose `struct page`s lie one after the other. */
export interface PageRun {
  readonly first: number;
  /** Exclusive. */
  readonly end: number;
  /** Where the struct of page frame 0 would lie. */
  readonly base: bigint;
}

/** How page frames and their `struct page`s belong together (include/asm-generic/memory_model.h). */
export interface MemoryModel {
  /** Bytes of `struct page`. */
  readonly size: number;
  /** Ascending by page frame; holes within a run have no page behind them. */
  readonly runs: readonly PageRun[];
}

/** Page frames of 52 bits of physical memory: more is damage. */
const MAX_PFN = 2 ** 40;
/** 32 TB in sections of 128 MB have as many, were they all apart. */
const MAX_RUNS = 1 << 18;

/** @throws Fault */
export const memoryModel = derived("memory model", (kernel): MemoryModel => {
  const size = sizeOf(kernel.types.named("struct page"));
  if (size === 0) throw Fault.of("unknown", "struct page is only declared");
  const runs = hasSections(kernel) ? sectionRuns(kernel) : [...nodeRuns(kernel, size)];
  if (runs.some(({ first, end }) => !(first >= 0 && end <= MAX_PFN)))
    throw Fault.of("corrupt", "page frames beyond what physical memory can be");
  return { size, runs };
});

/** Sparse memory: with a virtual mem_map all sections have the same base and become one run. */
function sectionRuns(kernel: Kernel): PageRun[] {
  const perSection = pagesPerSection(kernel);
  const runs: { first: number; end: number; base: bigint }[] = [];
  for (const section of memSections(kernel)) {
    if (!(section.encoded & SECTION_HAS_MEM_MAP)) continue;
    const base = sectionMap(section);
    const first = section.number * perSection;
    const last = runs.at(-1);
    if (last?.base === base) last.end = first + perSection;
    else runs.push({ first, end: first + perSection, base });
    if (runs.length > MAX_RUNS) throw Fault.at("corrupt", section.address, "more sections than memory can have");
  }
  return runs;
}

/** Flat memory: each node has its own array. */
function* nodeRuns(kernel: Kernel, size: number): Generator<PageRun> {
  for (const address of memoryNodes(kernel)) {
    const node = kernel.object("struct pglist_data", address);
    const first = node.at("node_start_pfn").number();
    const end = first + node.at("node_spanned_pages").number();
    yield { first, end, base: node.at("node_mem_map").value() - BigInt(first) * BigInt(size) };
  }
}

/** The `struct page` of a page frame; undefined for one that the kernel has no struct for. @throws Fault */
export function pfnToPage(kernel: Kernel, pfn: number): bigint | undefined {
  const { size, runs } = memoryModel(kernel);
  const run = itemAtOrBelow(runs, ({ first }) => first, pfn);
  return run && pfn < run.end ? BigInt.asUintN(64, run.base + BigInt(pfn) * BigInt(size)) : undefined;
}

/** The page frame whose `struct page` holds `address`; undefined when it lies in none. @throws Fault */
export function pageToPfn(kernel: Kernel, address: bigint): number | undefined {
  const { size, runs } = memoryModel(kernel);
  for (const { first, end, base } of runs) {
    const offset = BigInt.asUintN(64, address - base);
    if (offset >= BigInt(first) * BigInt(size) && offset < BigInt(end) * BigInt(size))
      return Number(offset / BigInt(size));
  }
  return undefined;
}
