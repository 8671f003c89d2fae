/** Page tables of ppc64le: the direct map and the radix tree. Source: Power ISA 3.0B, book III, section 5.7.10. */
import { Fault } from "../../base/fault.ts";
import type { EntryReader, LayoutFacts, Paging } from "../arch.ts";
import { type PteFormat, swapFields } from "../pte.ts";
import type { PageTableEntry, TableLevel } from "../walk.ts";
import { walkTables } from "../walk.ts";

/** Start of the direct map, which needs no table: `__va()` of arch/powerpc/include/asm/page.h sets these bits. */
const PAGE_OFFSET = 0xc000000000000000n;
/** Size of the direct map: the regions after it have page tables (asm/book3s/64/radix.h, RADIX_KERN_VIRT_START). */
const DIRECT_MAP_BYTES = 1n << 51n;

/** Bits of entries (asm/book3s/64/pgtable.h). Tables are big-endian whatever the byte order of the kernel. */
const PRESENT = 1n << 63n;
const LEAF = 1n << 62n;
const TABLE_ADDRESS = 0x0fffffffffffff00n;
const PAGE_ADDRESS = 0x01fffffffffff000n;

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
  const levels = radixLevels(facts.pageSize);
  const isHash = facts.text("NUMBER(RADIX_MMU)") === "0";
  const rootAddress = facts.symbol("swapper_pg_dir");
  const isDirect = (address: bigint): boolean => address >= PAGE_OFFSET && address - PAGE_OFFSET < DIRECT_MAP_BYTES;
  return {
    kernelRoot: facts.pageTableRoot ?? (rootAddress === undefined ? undefined : rootAddress - PAGE_OFFSET),
    rootAddress,
    pageSize: facts.pageSize,
    linear: [],
    imageWindow: undefined,
    canonical: (address) => BigInt.asUintN(64, address),
    isKernelAddress: (address) => address >= PAGE_OFFSET,
    isUserAddress: (address) => address < PAGE_OFFSET,
    walk(root, address, read, trail) {
      if (isDirect(address))
        return { physical: address - PAGE_OFFSET, pageBytes: BigInt(facts.pageSize), steps: trail ?? [] };
      if (isHash) return Fault.at("unknown", address, "not in the direct map, and hash page tables are not read");
      return walkTables(levels, root, address, bigEndian(read), trail);
    },
    facts: new Map<string, bigint>([
      ["page table levels", BigInt(levels.length)],
      ["PAGE_OFFSET", PAGE_OFFSET],
      ...["VMALLOC_START", "RADIX_MMU"].flatMap((key): [string, bigint][] => {
        const value = facts.number(`NUMBER(${key})`);
        return value === undefined ? [] : [[key, BigInt.asUintN(64, value)]];
      }),
    ]),
  };
}

/** Root first: 52 bits, in 4 levels with pages of 4 KiB and 64 KiB (asm/book3s/64/radix-4k.h, radix-64k.h). */
function radixLevels(pageSize: number): readonly TableLevel[] {
  const pageShift = Math.log2(pageSize);
  const pteBits = 21 - pageShift;
  const level = (name: string, shift: number, bits: number): TableLevel => ({
    name,
    shift,
    bits,
    entryBytes: 8,
    decode: (entry) => decode(entry, 1n << BigInt(shift)),
  });
  return [level("PGD", 39, 13), level("PUD", 30, 9), level("PMD", 21, 9), level("PTE", pageShift, pteBits)];
}

function decode(entry: bigint, span: bigint): PageTableEntry | undefined {
  if ((entry & PRESENT) === 0n) return undefined;
  if ((entry & LEAF) !== 0n) return { physical: entry & PAGE_ADDRESS, pageBytes: span };
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
