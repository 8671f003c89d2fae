/** Page tables of loongarch64, and its direct mapped windows. Source: LoongArch Reference Manual, volume 1, chapter 5. */
import { Fault } from "../../base/fault.ts";
import type { EntryReader, LayoutFacts, Paging } from "../arch.ts";
import { layoutNumbers } from "../layoutNumbers.ts";
import { type PteFormat, swapFields } from "../pte.ts";
import type { PageTableEntry, TableLevel } from "../walk.ts";
import { spacesFrom } from "../spaces.ts";
import { walkTables } from "../walk.ts";

/** Bits of an entry: the hardware's, and the kernel's use of the others (asm/pgtable-bits.h). */
const GLOBAL_OR_HUGE = 1n << 6n;
const PRESENT = 1n << 7n;
const PROTNONE = 1n << 10n;
/** A huge page that is being split (_PAGE_PRESENT_INVALID). */
const PRESENT_INVALID = 1n << 60n;
/** Bits of a page frame number. Pointers to tables are addresses in a direct mapped window, whose bits above are no address. */
const FRAME = (1n << 48n) - (1n << 12n);

/** Width of a physical address in a direct mapped window in bits (DMW_PABITS of asm/addrspace.h). */
const WINDOW_BITS = 48;
/** The first address after those of direct mapped windows. */
const WINDOWS_END = 0xb000000000000000n;
/** The first address after user space. */
export const KERNEL_START = 1n << 63n;

/** Most levels that a kernel has (CONFIG_4KB_4LEVEL). */
const MAX_LEVELS = 4;

export const pte: PteFormat = {
  flags: [
    ["VALID", 1n << 0n],
    ["DIRTY", 1n << 1n],
    ["USER", 3n << 2n],
    ["CACHED", 1n << 4n],
    ["WUC", 1n << 5n],
    ["GLOBAL", GLOBAL_OR_HUGE],
    ["PRESENT", PRESENT],
    ["WRITE", 1n << 8n],
    ["MODIFIED", 1n << 9n],
    ["PROTNONE", PROTNONE],
    ["SPECIAL", 1n << 11n],
    ["NO_READ", 1n << 61n],
    ["NO_EXEC", 1n << 62n],
    ["RPLV", 1n << 63n],
  ],
  isPresent: (entry) => (entry & (PRESENT | PROTNONE)) !== 0n,
  physical: (entry) => entry & FRAME,
  // asm/pgtable.h
  swapEntries: (entry) => [swapFields(entry, 16, 7, 24)],
};

export function paging(facts: LayoutFacts): Paging {
  const { pageSize } = facts;
  const rootAddress = facts.symbol("swapper_pg_dir");
  const kernelRoot = facts.pageTableRoot ?? (rootAddress === undefined ? undefined : inWindow(rootAddress));
  let count: number | undefined;
  return {
    kernelRoot,
    rootAddress,
    pageSize,
    linear: [],
    imageWindow: undefined,
    ...spacesFrom(KERNEL_START),
    walk(root, address, read, trail) {
      if (address >= KERNEL_START && address < WINDOWS_END)
        return { physical: inWindow(address), pageBytes: BigInt(pageSize), steps: trail ?? [] };
      // That of the kernel has entries for all levels, whatever a task's table has.
      count ??= levelCount(kernelRoot ?? root, pageSize, read) ?? levelCount(root, pageSize, read);
      if (count === undefined) return Fault.at("unknown", address, "the root table does not tell the levels of the page tables"); // prettier-ignore
      return walkTables(tableLevels(count, pageSize), root, address, read, trail);
    },
    get facts() {
      const levels = count ?? 0;
      return layoutNumbers(facts, Math.log2(pageSize) + levels * indexBits(pageSize), levels, ["VMALLOC_START"]);
    },
  };
}

/** Returns the physical address in a direct mapped window. The kernel image is in one too. */
const inWindow = (address: bigint): bigint => BigInt.asUintN(WINDOW_BITS, address);

/** Number of bits of an index. A table has one page. */
const indexBits = (pageSize: number): number => Math.log2(pageSize) - 3;

/**
 * Counts the levels, which VMCOREINFO does not tell. An entry that maps nothing points to an empty table of the next
 * level (invalid_pmd_table and so on), so that any chain of tables has one table for each level unless a huge page ends
 * it. @returns undefined if the root table is not in the dump
 */
function levelCount(root: bigint, pageSize: number, read: EntryReader): number | undefined {
  const chains = [0, 1, 2, 3].map((quarter) => chainLength(root, (quarter * pageSize) / 4, pageSize, read));
  const longest = Math.max(...chains);
  return longest >= 2 ? longest : undefined;
}

/** Returns the number of tables in a chain from the root on. @param offset of the entry in the root table, in bytes */
function chainLength(root: bigint, offset: number, pageSize: number, read: EntryReader): number {
  let at = root + BigInt(offset);
  for (let length = 1; length < MAX_LEVELS; length++) {
    const entry = read(at, 8);
    const isTable = !(entry instanceof Fault) && entry !== 0n && (entry & BigInt(pageSize - 1)) === 0n;
    if (!isTable) return length;
    at = inWindow(entry);
  }
  return MAX_LEVELS;
}

function tableLevels(count: number, pageSize: number): readonly TableLevel[] {
  const bits = indexBits(pageSize);
  const names = ["PGD", ...["PUD", "PMD", "PTE"].slice(MAX_LEVELS - count)];
  return names.map((name, depth): TableLevel => {
    const shift = Math.log2(pageSize) + (count - 1 - depth) * bits;
    return { name, shift, bits, entryBytes: 8, decode: (entry) => decode(entry, 1n << BigInt(shift), pageSize) };
  });
}

function decode(entry: bigint, span: bigint, pageSize: number): PageTableEntry | undefined {
  const physical = entry & FRAME;
  if (span === BigInt(pageSize)) return pte.isPresent(entry) ? { physical, pageBytes: span } : undefined;
  if ((entry & BigInt(pageSize - 1)) === 0n) return entry === 0n ? undefined : { physical, pageBytes: undefined };
  const isMapped = (entry & GLOBAL_OR_HUGE) !== 0n && (entry & (PRESENT | PROTNONE | PRESENT_INVALID)) !== 0n;
  return isMapped ? { physical, pageBytes: span } : undefined;
}
