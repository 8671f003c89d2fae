/** Sections of sparse memory. */
import { viewOf } from "../../base/bytes.ts";
import { Fault } from "../../base/fault.ts";
import type { Kernel } from "../../model/kernel.ts";
import { pageShift, pageSize } from "./page.ts";
import { noteOffset, noteSize, noteSymbol } from "../vmcoreinfo.ts";

/** A `struct mem_section` that has pages (mm/sparse.c). */
export interface MemSection {
  readonly number: number;
  readonly address: bigint;
  /**
   * `section_mem_map`: the address that the `struct page` of page frame 0 would have if the section's array were
   * extended down to frame 0, with flags in the lowest bits.
   */
  readonly encoded: bigint;
}

// include/linux/mmzone.h; no flag ever changed its bit.
export const SECTION_MARKED_PRESENT = 1n << 0n;
export const SECTION_HAS_MEM_MAP = 1n << 1n;
export const SECTION_IS_ONLINE = 1n << 2n;
export const SECTION_IS_EARLY = 1n << 3n;
export const SECTION_TAINT_ZONE_DEVICE = 1n << 4n;

/**
 * Bits of `section_mem_map` for flags: at least 6 on all architectures (include/linux/mmzone.h, comment above
 * SECTION_MARKED_PRESENT).
 */
const FLAG_MASK = 63n;

/** Returns `section_mem_map` without flags. */
export const sectionMap = ({ encoded }: MemSection): bigint => encoded & ~FLAG_MASK;

/** Returns the number of pages in a section. VMCOREINFO has it since v5.13. @throws Fault "unknown" */
export function pagesPerSection(kernel: Kernel): number {
  const bits = Number(kernel.vmcoreinfo("NUMBER(SECTION_SIZE_BITS)") ?? kernel.arch.sectionSizeBits);
  const shift = bits - pageShift(kernel);
  if (!(shift > 0 && shift < 31))
    throw Fault.of("unknown", "SECTION_SIZE_BITS is neither in VMCOREINFO nor known for this architecture");
  return 2 ** shift;
}

export const hasSections = (kernel: Kernel): boolean => kernel.symbols.find("mem_section") !== undefined;

/**
 * Maximum number of entries of the root table: 52 bits of physical memory in sections of 128 MB, 256 to a root, need
 * 2^17.
 */
const MAX_ROOTS = 1 << 20;

/**
 * Yields the present sections in ascending order. With CONFIG_SPARSEMEM_EXTREME the root table contains pointers to
 * pages full of sections; without it, the sections themselves. @throws Fault
 */
export function* memSections(kernel: Kernel): Generator<MemSection> {
  const { wordSize } = kernel.arch;
  const size = noteSize(kernel, "mem_section");
  const mapOffset = noteOffset(kernel, "mem_section", "section_mem_map");
  if (size < mapOffset + wordSize) throw Fault.of("corrupt", "struct mem_section is smaller than its members");
  const layout = { size, mapOffset };
  const root = rootTable(kernel);
  const perRoot = Math.floor(pageSize(kernel) / size);
  for (let i = 0; i < root.length; i++) {
    const slot = root.address + BigInt(i * (root.containsSections ? size : wordSize));
    if (root.containsSections) {
      yield* presentSections(kernel, slot, i, 1, layout);
      continue;
    }
    const sections = kernel.memory.word(slot);
    if (sections !== 0n) yield* presentSections(kernel, sections, i * perRoot, perRoot, layout);
  }
}

/** Size of `struct mem_section` and offset of its `section_mem_map`, in bytes. */
interface SectionLayout {
  readonly size: number;
  readonly mapOffset: number;
}

/** Yields the present ones of `count` sections that are contiguous in memory. @param first number of the first one */
function* presentSections(
  kernel: Kernel,
  address: bigint,
  first: number,
  count: number,
  { size, mapOffset }: SectionLayout,
): Generator<MemSection> {
  const { wordSize, byteOrder } = kernel.arch;
  const view = viewOf(kernel.memory.read(address, count * size));
  const little = byteOrder === "little";
  for (let i = 0; i < count; i++) {
    const at = i * size + mapOffset;
    const encoded = wordSize === 8 ? view.getBigUint64(at, little) : BigInt(view.getUint32(at, little));
    if (encoded & SECTION_MARKED_PRESENT) yield { number: first + i, address: address + BigInt(i * size), encoded };
  }
}

interface RootTable {
  readonly address: bigint;
  readonly length: number;
  readonly containsSections: boolean;
}

/**
 * Reads the root table. VMCOREINFO gives its address, no matter whether `mem_section` is an array or, since Linux
 * kernel commit 83e3c48729d9 ("mm/sparsemem: Allocate mem_section at runtime for CONFIG_SPARSEMEM_EXTREME=y") (in
 * v4.15), a pointer.
 */
function rootTable(kernel: Kernel): RootTable {
  const noted = kernel.vmcoreinfo("SYMBOL(mem_section)");
  const symbol = noteSymbol(kernel, "mem_section");
  const address = noted === undefined && isRootPointer(kernel) ? kernel.memory.word(symbol) : symbol;
  const length = Math.min(Number(kernel.vmcoreinfo("LENGTH(mem_section)") ?? 1), MAX_ROOTS);
  for (let i = 0; i < length; i++) {
    const first = kernel.memory.word(address + BigInt(i * kernel.arch.wordSize));
    // A pointer is aligned; a present section has its lowest bit set.
    if (first !== 0n) return { address, length, containsSections: (first & SECTION_MARKED_PRESENT) !== 0n };
  }
  return { address, length, containsSections: false };
}

/** Whether `mem_section` is a pointer. Assumed if its type is not known. */
function isRootPointer(kernel: Kernel): boolean {
  return kernel.types.variable("mem_section")?.kind !== "array";
}
