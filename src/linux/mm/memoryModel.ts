/** Conversion between page frame numbers and `struct page` addresses. */
import { itemAtOrBelow } from "../../base/search.ts";
import { sizeOf } from "../../debuginfo/ctype.ts";
import { Fault } from "../../base/fault.ts";
import { derived } from "../../model/derived.ts";
import type { Kernel } from "../../model/kernel.ts";
import { memoryNodes } from "./mm.ts";
import { hasSections, memSections, pagesPerSection, sectionMap, SECTION_HAS_MEM_MAP } from "./sparse.ts";

/** Page frames whose `struct page`s are contiguous. */
export interface PageRun {
  readonly first: number;
  /** The end, exclusive. */
  readonly end: number;
  /** Address that the struct of page frame 0 would have. */
  readonly base: bigint;
}

/** The array or arrays of `struct page` (include/asm-generic/memory_model.h). */
export interface MemoryModel {
  /** Size of `struct page`, in bytes. */
  readonly size: number;
  /** Ascending by page frame; a run can contain holes, whose page frames have no memory. */
  readonly runs: readonly PageRun[];
}

/** Maximum page frame number: 52 bits of physical address. A larger number is damage. */
const MAX_PFN = 2 ** 40;
/** Maximum number of runs: 32 TB in sections of 128 MB, each in a run of its own. */
const MAX_RUNS = 1 << 18;

/** Reads the memory model: sparse memory if the kernel has sections, else flat memory. @throws Fault */
export const memoryModel = derived("memory model", (kernel): MemoryModel => {
  const size = sizeOf(kernel.types.named("struct page"));
  if (size === 0) throw Fault.of("unknown", "the debuginfo only declares struct page and does not define it");
  const runs = hasSections(kernel) ? sectionRuns(kernel) : [...nodeRuns(kernel, size)];
  if (runs.some(({ first, end }) => !(first >= 0 && end <= MAX_PFN)))
    throw Fault.of("corrupt", "page frame numbers exceed the limit of 2^40");
  return { size, runs };
});

/** Returns the runs of sparse memory. With a virtual mem_map all sections have the same base and form one run. */
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
    if (runs.length > MAX_RUNS)
      throw Fault.at("corrupt", section.address, `the memory sections form more than ${MAX_RUNS} runs`);
  }
  return runs;
}

/** Yields the runs of flat memory: each node has an array of its own. */
function* nodeRuns(kernel: Kernel, size: number): Generator<PageRun> {
  for (const address of memoryNodes(kernel)) {
    const node = kernel.object("struct pglist_data", address);
    const first = node.at("node_start_pfn").number();
    const end = first + node.at("node_spanned_pages").number();
    yield { first, end, base: node.at("node_mem_map").value() - BigInt(first) * BigInt(size) };
  }
}

/** Returns the `struct page` address of a page frame; undefined if the kernel has no struct for it. @throws Fault */
export function pfnToPage(kernel: Kernel, pfn: number): bigint | undefined {
  const { size, runs } = memoryModel(kernel);
  const run = itemAtOrBelow(runs, ({ first }) => first, pfn);
  return run && pfn < run.end ? BigInt.asUintN(64, run.base + BigInt(pfn) * BigInt(size)) : undefined;
}

/** Returns the page frame whose `struct page` contains `address`; undefined if none does. @throws Fault */
export function pageToPfn(kernel: Kernel, address: bigint): number | undefined {
  const { size, runs } = memoryModel(kernel);
  for (const { first, end, base } of runs) {
    const offset = BigInt.asUintN(64, address - base);
    if (offset >= BigInt(first) * BigInt(size) && offset < BigInt(end) * BigInt(size))
      return Number(offset / BigInt(size));
  }
  return undefined;
}
