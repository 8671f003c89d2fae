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
  /** Physical address of the page in an entry of the last level. */
  physical(entry: bigint): bigint;
  /**
   * Physical address of the kernel's own entry if it is separate from the hardware's and `flags` are its flags;
   * undefined for a level that has none. Absent on machines where both are the same.
   */
  ownEntry?(steps: readonly WalkStep[]): bigint | undefined;
  /** Possible formats of an entry that is not present, newest first, because the layout changed over time. */
  swapEntries(entry: bigint): readonly SwapEntry[];
}

/** Where an entry has its swap type and offset. */
export const swapFields = (entry: bigint, typeShift: number, typeBits: number, offsetShift: number): SwapEntry => ({
  type: Number(BigInt.asUintN(typeBits, entry >> BigInt(typeShift))),
  offset: entry >> BigInt(offsetShift),
});
