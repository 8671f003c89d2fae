/** Page tables of ppc64le: the direct map, the radix tree, and Linux's own tree with the hash MMU. */
import { Fault } from "../../base/fault.ts";
import type { EntryReader, LayoutFacts, Paging } from "../arch.ts";
import { type PteFormat, swapFields } from "../pte.ts";
import type { PageTableEntry, TableLevel } from "../walk.ts";
import { spacesFrom } from "../spaces.ts";
import { walkTables } from "../walk.ts";
import { vmemmapOf } from "./vmemmap.ts";

/** Start of the direct map, which needs no table: `__va()` of arch/powerpc/include/asm/page.h sets these bits. */
const PAGE_OFFSET = 0xc000000000000000n;
/** Size of the direct map: the regions after it have page tables (asm/book3s/64/radix.h, RADIX_KERN_VIRT_START). */
const DIRECT_MAP_BYTES = 1n << 51n;

/** Bits of entries (asm/book3s/64/pgtable.h). Tables are big-endian whatever the byte order of the kernel is. */
const PRESENT = 1n << 63n;
const LEAF = 1n << 62n;
/** Width of the index into the next table; never 0 in the radix tree. */
const NEXT_LEVEL_SIZE = 0x1fn;
const TABLE_ADDRESS = 0x0fffffffffffff00n;
/** PTE_RPN_MASK. With the hash MMU software uses the bits above (_PAGE_PA_MAX). */
const PAGE_ADDRESS = 0x001ffffffffff000n;

export const pte: PteFormat = {
  flags: [
    ["PRESENT", PRESENT],
    ["PTE", LEAF],
    ["EXEC", 1n << 0n],
    ["WRITE", 1n << 1n],
    ["READ", 1n << 2n],
    ["PRIVILEGED", 1n << 3n],
    ["DIRTY", 1n << 7n],
    ["ACCESSED", 1n << 8n],
    ["SPECIAL", 1n << 10n],
  ],
  isPresent: (entry) => (entry & PRESENT) !== 0n,
  physical: (entry) => entry & PAGE_ADDRESS,
  // The offset has the bits of the page frame number, with 4K and 64K pages.
  swapEntries: (entry) => [swapFields(entry & (PAGE_ADDRESS | 0xfffn), 2, 5, 12), swapFields(entry & (PAGE_ADDRESS | 0xfffn), 2, 5, 16)], // prettier-ignore
};

export function paging(facts: LayoutFacts): Paging {
  const isRadix = facts.text("NUMBER(RADIX_MMU)");
  // A kernel that does not name its MMU can have either. The pointers to tables tell the trees apart.
  const trees = [
    ...(isRadix === "0" ? [] : [radixLevels(facts.pageSize)]),
    ...(isRadix === undefined || isRadix === "0" ? [hashLevels(facts.pageSize)] : []),
  ];
  const vmemmap = isRadix === "1" ? undefined : vmemmapOf(facts, PAGE_OFFSET);
  const rootAddress = facts.symbol("swapper_pg_dir");
  const directEnd = endOfDirectMap(facts);
  return {
    kernelRoot: facts.pageTableRoot ?? (rootAddress === undefined ? undefined : rootAddress - PAGE_OFFSET),
    rootAddress,
    pageSize: facts.pageSize,
    linear: [],
    imageWindow: undefined,
    ...spacesFrom(PAGE_OFFSET),
    walk(root, address, read, trail) {
      if (address >= PAGE_OFFSET && address < directEnd)
        return { physical: address - PAGE_OFFSET, pageBytes: BigInt(facts.pageSize), steps: trail ?? [] };
      const page = vmemmap?.(address, read, trail);
      if (page) return page;
      const [first, second] = trees.map((levels) => () => walkTables(levels, root, address, bigEndian(read), trail));
      const found = first?.() ?? Fault.at("unknown", address, "no page tables");
      return found instanceof Fault && second ? second() : found;
    },
    facts: new Map<string, bigint>([
      ["page table levels", BigInt(trees[0]?.length ?? 0)],
      ["PAGE_OFFSET", PAGE_OFFSET],
      ...["VMALLOC_START", "RADIX_MMU"].flatMap((key): [string, bigint][] => {
        const value = facts.number(`NUMBER(${key})`);
        return value === undefined ? [] : [[key, BigInt.asUintN(64, value)]];
      }),
    ]),
  };
}

/**
 * Returns the end of the direct map. With the hash MMU and pages of 4 KiB the regions with tables begin earlier
 * (asm/book3s/64/hash-4k.h).
 */
function endOfDirectMap(facts: LayoutFacts): bigint {
  const vmalloc = BigInt.asUintN(64, facts.number("NUMBER(VMALLOC_START)") ?? 0n);
  const end = PAGE_OFFSET + DIRECT_MAP_BYTES;
  return vmalloc > PAGE_OFFSET && vmalloc < end ? vmalloc : end;
}

/**
 * Returns the levels from the root on: 52 bits in 4 levels, with pages of 4 KiB and 64 KiB (asm/book3s/64/radix-4k.h,
 * radix-64k.h). Source of the entries: Power ISA 3.0B, book III, section 5.7.10.
 */
function radixLevels(pageSize: number): readonly TableLevel[] {
  const pageShift = Math.log2(pageSize);
  return levels([13, 9, 9, 21 - pageShift], pageShift, (entry, span) => {
    const isTable = span > BigInt(pageSize) && (entry & LEAF) === 0n;
    if ((entry & PRESENT) === 0n || (isTable && (entry & NEXT_LEVEL_SIZE) === 0n)) return undefined;
    return decode(entry, span, pageSize);
  });
}

/**
 * Returns the levels of the tree that Linux keeps in addition to the hash table. Pointers to tables are page-aligned addresses, which can have
 * PRESENT. Source of the widths: H_PGD_INDEX_SIZE and so on of asm/book3s/64/hash-4k.h and hash-64k.h.
 */
function hashLevels(pageSize: number): readonly TableLevel[] {
  const pageShift = Math.log2(pageSize);
  return levels(pageSize === 4096 ? [9, 9, 7, 9] : [8, 10, 10, 8], pageShift, (entry, span) => {
    const isTable = span > BigInt(pageSize) && (entry & LEAF) === 0n;
    if (entry === 0n || (isTable ? (entry & NEXT_LEVEL_SIZE) !== 0n : (entry & PRESENT) === 0n)) return undefined;
    return decode(entry, span, pageSize);
  });
}

/** Returns the levels from the root on. @param bits widths of the indexes */
function levels(
  bits: readonly [number, number, number, number],
  pageShift: number,
  decodeEntry: (entry: bigint, span: bigint) => PageTableEntry | undefined,
): readonly TableLevel[] {
  const names = ["PGD", "PUD", "PMD", "PTE"];
  return bits.map((width, index) => {
    const shift = bits.slice(index + 1).reduce((sum, one) => sum + one, pageShift);
    const decode = (entry: bigint): PageTableEntry | undefined => decodeEntry(entry, 1n << BigInt(shift));
    return { name: names[index] ?? "", shift, bits: width, entryBytes: 8, decode };
  });
}

function decode(entry: bigint, span: bigint, pageSize: number): PageTableEntry {
  if ((entry & LEAF) !== 0n || span === BigInt(pageSize)) return { physical: entry & PAGE_ADDRESS, pageBytes: span };
  return { physical: entry & TABLE_ADDRESS, pageBytes: undefined };
}

const bigEndian =
  (read: EntryReader): EntryReader =>
  (physical, bytes) => {
    const entry = read(physical, bytes);
    if (entry instanceof Fault) return entry;
    let swapped = 0n;
    for (let i = 0n; i < BigInt(bytes); i++) swapped = (swapped << 8n) | ((entry >> (8n * i)) & 0xffn);
    return swapped;
  };
