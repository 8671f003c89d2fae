/** Ranges of the kernel's address space that contain memory. */
import { attempt, Fault } from "../../base/fault.ts";
import { derived } from "../../model/derived.ts";
import type { Kernel } from "../../model/kernel.ts";
import { directMapOffset, mappedMemory } from "./directMap.ts";
import { memoryModel } from "./memoryModel.ts";
import { pageFrames } from "./mmzone.ts";
import { pageSize } from "./page.ts";
import { vmapAreas } from "./vmalloc.ts";
import { globalWord } from "../vmcoreinfo.ts";

/** A range of kernel address space that can contain memory. Not every page of it has to be mapped. */
export interface KernelRange {
  readonly kind: "direct map" | "vmalloc" | "vmemmap" | "kernel image";
  readonly start: bigint;
  /** The end, exclusive. */
  readonly end: bigint;
}

/**
 * Ranges in which the kernel has memory mapped: the direct map, vmalloc areas, the vmemmap and the kernel image. Sorted
 * by address, without overlaps. Ranges that the dump cannot provide are missing.
 */
export const kernelRanges = derived("kernel ranges", (kernel): readonly KernelRange[] => {
  const ranges = foundRanges(kernel).flatMap((found) => (found instanceof Fault ? [] : found));
  ranges.sort((a, b) => (a.start < b.start ? -1 : a.start > b.start ? 1 : 0));
  return [...withoutOverlaps(ranges)];
});

/** Why ranges are missing, as faults that name the kind of range. */
export function missingRanges(kernel: Kernel): readonly Fault[] {
  const { fault } = vmapAreas(kernel);
  const faults = foundRanges(kernel).filter((found) => found instanceof Fault);
  return fault === undefined ? faults : [...faults, fault.within("vmalloc areas")];
}

const foundRanges = derived("found kernel ranges", (kernel) => [
  ...largeRanges(kernel),
  rangesOf(kernel, "vmalloc areas", vmallocAreas),
]);

/** The ranges without the vmalloc areas. */
const largeRanges = derived("large kernel ranges", (kernel) => [
  rangesOf(kernel, "direct map", directMap),
  rangesOf(kernel, "kernel image", kernelImage),
  rangesOf(kernel, "vmemmap", vmemmap),
]);

/** Returns the ranges of a kind; a fault that names the kind if they cannot be read. */
function rangesOf(kernel: Kernel, kind: string, find: (kernel: Kernel) => KernelRange[]): KernelRange[] | Fault {
  const found = attempt(() => find(kernel));
  return found instanceof Fault ? found.within(kind) : found;
}

/**
 * Whether a value is an address in one of the kernel's memory ranges. Use it to decide whether a `long`
 * contains an address: error codes and other small negative numbers do not match. For an address outside the large
 * ranges the page tables decide, because 20,000 tasks have as many vmalloc areas. @param value unsigned, of the
 * architecture's word size
 */
export function isInKernelRange(kernel: Kernel, value: bigint): boolean {
  if (!kernel.memory.isKernelAddress(value)) return false;
  for (const ranges of largeRanges(kernel))
    if (!(ranges instanceof Fault) && ranges.some(({ start, end }) => value >= start && value < end)) return true;
  const page = kernel.memory.page(value);
  return !(page instanceof Fault) || page.kind === "excluded" || page.kind === "truncated";
}

/** Yields ranges without overlaps: of each range only the part after the end of the previous ones. */
function* withoutOverlaps(ranges: readonly KernelRange[]): Generator<KernelRange> {
  let reached = 0n;
  for (const { kind, start, end } of ranges) {
    const from = start > reached ? start : reached;
    if (from >= end) continue;
    yield { kind, start: from, end };
    reached = end;
  }
}

function directMap(kernel: Kernel): KernelRange[] {
  const frames = attempt(() => pageFrames(kernel));
  if (frames instanceof Fault) return [{ kind: "direct map", ...mappedMemory(kernel) }];
  const { first, end } = frames;
  const at = (pfn: number): bigint => directMapOffset(kernel) + BigInt(pfn) * BigInt(pageSize(kernel));
  // With 32 bits there can be more memory than the direct map can hold.
  const highest = kernel.arch.wordSize === 4 ? globalWord(kernel, "high_memory") : undefined;
  const last = highest !== undefined && highest < at(end) ? highest : at(end);
  return [{ kind: "direct map", start: at(first), end: last }];
}

function kernelImage({ symbols }: Kernel): KernelRange[] {
  const start = symbols.find("_text") ?? symbols.find("_stext");
  const end = symbols.find("_end");
  return start && end ? [{ kind: "kernel image", start: start.address & -4096n, end: end.address }] : [];
}

/** Returns the ranges of a virtual mem_map. Without one, `struct page`s are in ordinary memory. */
function vmemmap(kernel: Kernel): KernelRange[] {
  const isVirtual = kernel.symbols.find("vmemmap_base") ?? kernel.symbols.find("vmemmap_populate");
  const isNoted = kernel.vmcoreinfo("SYMBOL(vmemmap)") ?? kernel.vmcoreinfo("NUMBER(VMEMMAP_START)");
  if (!isVirtual && isNoted === undefined) return [];
  const { runs, size } = memoryModel(kernel);
  return runs.map(({ first, end, base }) => ({
    kind: "vmemmap",
    start: base + BigInt(first) * BigInt(size),
    end: base + BigInt(end) * BigInt(size),
  }));
}

/** include/linux/vmalloc.h: mapped device registers, which a dump does not contain. */
const VM_IOREMAP = 1n;

const vmallocAreas = (kernel: Kernel): KernelRange[] =>
  vmapAreas(kernel).areas.flatMap(({ start, end, vm }) => {
    const flags = attempt(() => vm?.at("flags").value() ?? 0n);
    const isDevice = !(flags instanceof Fault) && (flags & VM_IOREMAP) !== 0n;
    const isKernel = [start, end - 1n].every((address) => kernel.memory.isKernelAddress(address));
    return isDevice || !isKernel ? [] : [{ kind: "vmalloc", start, end }];
  });
