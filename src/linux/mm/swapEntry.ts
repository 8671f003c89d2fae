/** Page-table entries of swapped-out pages. */
import { attempt, Fault } from "../../base/fault.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import { swapAreas } from "./swap.ts";

/** A page in a swap area. */
export interface SwapSlot {
  /** `struct swap_info_struct`. */
  readonly area: Obj<"struct swap_info_struct">;
  /** Page number within the area. */
  readonly offset: bigint;
}

/**
 * Returns the swap slot that a page-table entry refers to; undefined for entries with another meaning (migration,
 * poison), if no active swap area contains the slot, and if the swap areas cannot be read. If this architecture has had
 * several layouts of entries, uses the first one whose slot is within an active area.
 */
export function swapSlot(kernel: Kernel, entry: bigint): SwapSlot | undefined {
  const areas = attempt(() =>
    [...swapAreas(kernel)].map(({ type, area }) => ({ type, area, max: area.at("max").value() })),
  );
  if (areas instanceof Fault) return undefined;
  for (const { type, offset } of kernel.arch.pte?.swapEntries(entry) ?? []) {
    const area = areas.find((one) => one.type === type && offset < one.max)?.area;
    if (area) return { area, offset };
  }
  return undefined;
}
