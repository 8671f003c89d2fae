/** Page tables of 8-byte Arm descriptors. */
import type { PageTableEntry, TableLevel } from "./walk.ts";

/**
 * Descriptors of Arm since LPAE: all levels of AArch64, and AArch32 with CONFIG_ARM_LPAE (Arm ARM, VMSAv8-64
 * translation table descriptors).
 */
export interface LongDescriptors {
  /** Page size as a power of two: 12, 14 or 16. */
  readonly pageShift: number;
  /** Address bits that the tables translate. The root translates what remains after whole levels. */
  readonly virtualBits: number;
  /** FEAT_LPA2 (TCR.DS): 52-bit output addresses with 4K and 16K pages, instead of shareability bits. */
  readonly lpa2: boolean;
}

const VALID = 1n << 0n;
/** A table, or a page at the last level; otherwise a block. */
const TABLE_OR_PAGE = 1n << 1n;
const NOT_GLOBAL = 1n << 11n;
const PXN = 1n << 53n;

/** Returns the levels of the tables, from the root on. */
export function longDescriptorLevels(format: LongDescriptors): readonly TableLevel[] {
  const indexBits = format.pageShift - 3;
  const count = Math.max(1, Math.ceil((format.virtualBits - format.pageShift) / indexBits));
  return levelNames(count).map((name, depth): TableLevel => {
    const shift = format.pageShift + (count - 1 - depth) * indexBits;
    return {
      name,
      shift,
      bits: depth === 0 ? Math.max(1, format.virtualBits - shift) : indexBits,
      entryBytes: 8,
      decode: (entry) => decode(entry, depth === count - 1, 1n << BigInt(shift), format),
    };
  });
}

/** Returns the kernel's names of the levels. It folds levels below the top, so the root is always a PGD. */
function levelNames(count: number): readonly string[] {
  const all = ["PGD", "P4D", "PUD", "PMD", "PTE"];
  return ["PGD", ...all.slice(all.length - count + 1)].slice(0, count);
}

function decode(entry: bigint, last: boolean, span: bigint, format: LongDescriptors): PageTableEntry | undefined {
  const physical = outputAddress(entry, format);
  if ((entry & VALID) === 0n) {
    // PROT_NONE entries and entries under change are present only for the kernel. Before v6.10 bit 58 marks the former and
    // bit 59 the latter, and no swap entry is large enough to set bit 53 (PXN). Since then bit 11 (nG) marks both, and is
    // zero in swap entries. All are user mappings, which have nG and PXN.
    const present = (entry & NOT_GLOBAL) !== 0n && (entry & PXN) !== 0n;
    return present ? { physical, pageBytes: span } : undefined;
  }
  const tableOrPage = (entry & TABLE_OR_PAGE) !== 0n;
  if (last) return tableOrPage ? { physical, pageBytes: span } : undefined;
  return { physical, pageBytes: tableOrPage ? undefined : span };
}

function outputAddress(entry: bigint, { pageShift, lpa2 }: LongDescriptors): bigint {
  const pageMask = -1n << BigInt(pageShift);
  if (pageShift === 16) return (entry & pageMask & 0xffffffffffffn) | (((entry >> 12n) & 0xfn) << 48n);
  if (lpa2) return (entry & pageMask & 0x3ffffffffffffn) | (((entry >> 8n) & 3n) << 50n);
  return entry & pageMask & 0xffffffffffffn;
}
