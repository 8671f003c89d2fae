/** The interface of page-table entries. */
import type { WalkStep } from "./arch.ts";

/** A page in swap space, from a page-table entry that is not present. */
export interface SwapEntry {
  /** Number of the swap area. */
  readonly type: number;
  /** Page number in the area. */
  readonly offset: bigint;
}

/** Meanings of the bits of a page-table entry. */
export interface PteFormat {
  /** Flags in the order in which they are shown. */
  readonly flags: readonly (readonly [name: string, mask: bigint])[];
  /** Whether the kernel treats the entry as a mapped page. */
  isPresent(entry: bigint): boolean;
  /** Returns the physical address of the page in an entry of the last level. */
  physical(entry: bigint): bigint;
  /**
   * Returns the physical address of the kernel's own copy of the last entry in `steps`; undefined if these tables have
   * none. Only arm with short descriptors keeps such a copy; there `flags` describes the copy, not the hardware entry.
   */
  ownEntry?(steps: readonly WalkStep[]): bigint | undefined;
  /**
   * Decodes an entry that is not present: one swap entry for each layout that the kernel has used, newest layout first.
   */
  swapEntries(entry: bigint): readonly SwapEntry[];
}

/**
 * Extracts the swap type and the page offset from an entry. `typeShift`, `typeBits` and `offsetShift` are bit counts;
 * the caller clears the bits above the offset.
 */
export const swapFields = (entry: bigint, typeShift: number, typeBits: number, offsetShift: number): SwapEntry => ({
  type: Number(BigInt.asUintN(typeBits, entry >> BigInt(typeShift))),
  offset: entry >> BigInt(offsetShift),
});
