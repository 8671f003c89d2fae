import { attempt, Fault } from "../../base/fault.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import { swapAreas } from "./swap.ts";

/** Where a page was swapped to. */
export interface SwapSlot {
  /** `struct swap_info_struct`. */
  readonly area: Obj<"struct swap_info_struct">;
  /** Page within the area. */
  readonly offset: bigint;
}

/**
 * The swap slot that a page-table entry names. Where the architecture's layout changed over time, the one is taken that
 * names a place within an area that is in use; entries that stand for something else (migration, poison) name none.
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
