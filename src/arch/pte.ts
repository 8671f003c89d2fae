import type { WalkStep } from "./arch.ts";

/** A slot of swap space that a page-table entry names in place of a page. */
export interface SwapEntry {
  /** Number of the swap area. */
  readonly type: number;
  /** Page within it. */
  readonly offset: bigint;
}

/** What the bits of a page-table entry say to people. */
export interface PteFormat {
  /** In the order in which they are shown. */
  readonly flags: readonly (readonly [name: string, mask: bigint])[];
  /** Whether the kernel takes the entry for a page. */
  isPresent(entry: bigint): boolean;
  /** Physical address of the page, as an entry of the last level has it. */
  physical(entry: bigint): bigint;
  /**
   * Physical address of the entry that the kernel keeps beside the hardware's, where `flags` are those of its own:
   * undefined for a step that has none. Absent where the hardware's entries are the kernel's.
   */
  ownEntry?(steps: readonly WalkStep[]): bigint | undefined;
  /** What an entry that is not present may mean: the layout changed over time, newest first. */
  swapEntries(entry: bigint): readonly SwapEntry[];
}

/** Where an entry has its swap type and offset. */
export const swapFields = (entry: bigint, typeShift: number, typeBits: number, offsetShift: number): SwapEntry => ({
  type: Number(BigInt.asUintN(typeBits, entry >> BigInt(typeShift))),
  offset: entry >> BigInt(offsetShift),
});
