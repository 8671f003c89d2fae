/**
 * Address translation of mips64el: unmapped segments and the kernel's page tables. Source: MIPS64 Privileged Resource
 * Architecture, chapter "Virtual Memory".
 */
import { Fault } from "../../base/fault.ts";
import type { EntryReader, LayoutFacts, Paging } from "../arch.ts";
import { layoutNumbers } from "../layoutNumbers.ts";
import type { PageTableEntry, TableLevel } from "../walk.ts";
import { spacesFrom } from "../spaces.ts";
import { walkTables } from "../walk.ts";

/** XKPHYS: the whole physical memory once for each cache attribute, in bits 59 to 61. */
const XKPHYS = 1n << 63n;
const XKPHYS_END = 0xc000000000000000n;
const XKPHYS_BITS = 59;
/** CKSEG0 and CKSEG1: the first 512 MB, with a cache and without. */
const CKSEG0 = 0xffffffff80000000n;
const CKSEG2 = 0xffffffffc0000000n;
const CKSEG_BITS = 29;

/** Bit 0 of an entry (asm/pgtable-bits.h). The places of all others depend on the configuration. */
const PRESENT = 1n;
/** Lowest and highest possible place of the global bit; the valid and the dirty bit and three of the cache follow it. */
const FIRST_GLOBAL = 5;
const LAST_GLOBAL = 8;
const BITS_FROM_GLOBAL = 6;
const PFN_BITS = 36;

export function paging(facts: LayoutFacts): Paging {
  const { pageSize } = facts;
  const rootAddress = facts.symbol("swapper_pg_dir");
  const kernelRoot = facts.pageTableRoot ?? (rootAddress === undefined ? undefined : unmapped(rootAddress));
  /** Lowest bit of a page frame number; undefined before it is looked for, and if it is not found. */
  let shift: number | undefined;
  let isSought = false;
  const levels = tableLevels(pageSize, () => shift ?? 0);
  return {
    kernelRoot,
    rootAddress,
    pageSize,
    linear: [],
    imageWindow: undefined,
    ...spacesFrom(XKPHYS),
    walk(root, address, read, trail) {
      const physical = unmapped(address);
      if (physical !== undefined) return { physical, pageBytes: BigInt(pageSize), steps: trail ?? [] };
      if (!isSought) shift = frameShift(kernelRoot ?? root, levels, read);
      isSought = true;
      if (shift === undefined)
        return Fault.at(
          "unknown",
          address,
          "no entry of the kernel's page tables tells where the page frame number is",
        );
      return walkTables(levels, root, address, read, trail);
    },
    facts: layoutNumbers(facts, (levels[0]?.shift ?? 0) + (levels[0]?.bits ?? 0), levels.length, []),
  };
}

/** Returns the physical address in a segment without page tables; undefined in others. */
function unmapped(address: bigint): bigint | undefined {
  if (address >= CKSEG0 && address < CKSEG2) return BigInt.asUintN(CKSEG_BITS, address);
  if (address >= XKPHYS && address < XKPHYS_END) return BigInt.asUintN(XKPHYS_BITS, address);
  return undefined;
}

/** Returns the levels from the root on (asm/pgtable-64.h). With pages of 4K the root has two pages. */
function tableLevels(pageSize: number, shiftOf: () => number): readonly TableLevel[] {
  const pageShift = Math.log2(pageSize);
  const bits = pageShift - 3;
  const names = pageSize === 65536 ? ["PGD", "PTE"] : ["PGD", "PMD", "PTE"];
  return names.map((name, depth): TableLevel => {
    const shift = pageShift + (names.length - 1 - depth) * bits;
    const width = depth === 0 && pageSize === 4096 ? bits + 1 : bits;
    const span = 1n << BigInt(shift);
    return { name, shift, bits: width, entryBytes: 8, decode: (entry) => decode(entry, span, pageSize, shiftOf()) };
  });
}

/** Pointers to tables are addresses in unmapped segments. An entry that maps nothing points to an empty table. */
function decode(entry: bigint, span: bigint, pageSize: number, shift: number): PageTableEntry | undefined {
  const table = span > BigInt(pageSize) && entry % BigInt(pageSize) === 0n ? unmapped(entry) : undefined;
  if (table !== undefined) return { physical: table, pageBytes: undefined };
  if ((entry & PRESENT) === 0n) return undefined;
  return { physical: BigInt.asUintN(PFN_BITS, entry >> BigInt(shift)) * BigInt(pageSize), pageBytes: span };
}

/** Most entries that are looked at on each level, and in all tables. */
const MAX_LOOKED_AT = 64;
const MAX_READ = 4096;

/** What is left of a search: reads of entries, and tables that need not be searched again. */
interface Search {
  reads: number;
  /** Most entries point to the same empty tables. */
  readonly seen: Set<bigint>;
}

/**
 * Finds the lowest bit of the page frame number by an entry of the kernel: that of a page of data has no bits between the
 * modified and the global one. @returns undefined if the first entries of the tables have no such page
 */
function frameShift(
  table: bigint,
  levels: readonly TableLevel[],
  read: EntryReader,
  search: Search = { reads: MAX_READ, seen: new Set() },
): number | undefined {
  if (search.seen.has(table)) return undefined;
  search.seen.add(table);
  const isLast = levels.length === 1;
  for (let i = 0n; i < MAX_LOOKED_AT && search.reads > 0; i++, search.reads--) {
    const entry = read(table + i * 8n, 8);
    if (entry instanceof Fault) return undefined;
    const next = isLast ? undefined : unmapped(entry);
    const found = next === undefined ? undefined : frameShift(next, levels.slice(1), read, search);
    const shift = isLast ? shiftOf(entry) : found;
    if (shift !== undefined) return shift;
  }
  return undefined;
}

function shiftOf(entry: bigint): number | undefined {
  if ((entry & PRESENT) === 0n) return undefined;
  for (let bit = FIRST_GLOBAL; bit <= LAST_GLOBAL; bit++) {
    // The global, the valid and the dirty bit.
    if (
      BigInt.asUintN(bit + 3, entry) >> BigInt(bit) === 7n &&
      BigInt.asUintN(bit - FIRST_GLOBAL, entry >> BigInt(FIRST_GLOBAL)) === 0n
    )
      // prettier-ignore
      return bit + BITS_FROM_GLOBAL;
  }
  return undefined;
}
