/** Huge pages (hugetlb). */
import { pageSize } from "./page.ts";
import { globalU32, noteSymbol } from "../vmcoreinfo.ts";
import { sizeOf } from "../../debuginfo/ctype.ts";
import { Fault } from "../../base/fault.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";

/** Maximum number of sizes of huge pages; HUGE_MAX_HSTATE is at most 16 (powerpc). */
const MAX_HSTATES = 32;

/**
 * Yields the huge page sizes that the kernel supports, `struct hstate` (mm/hugetlb.c); none without
 * CONFIG_HUGETLB_PAGE. @throws Fault
 */
export function* hstates(kernel: Kernel): Generator<Obj<"struct hstate">> {
  const count = Math.min(globalU32(kernel, "hugetlb_max_hstate") ?? 0, MAX_HSTATES);
  if (count === 0) return;
  const type = kernel.types.named("struct hstate");
  const first = noteSymbol(kernel, "hstates");
  for (let i = 0; i < count; i++) {
    const state = kernel.object(type, first + BigInt(i * sizeOf(type)));
    if (state.at("order").number() > 0) yield state;
  }
}

/** Maximum order: 2^30 pages of 4 KB are 4 TB; the largest existing huge pages have 16 GB. */
const MAX_HUGE_ORDER = 30;

/**
 * Returns the number of base pages in one huge page of this `struct hstate`. @throws Fault "corrupt" if the order
 * exceeds the limit
 */
export function hugePagePages(state: Obj<"struct hstate">): number {
  const order = state.at("order").number();
  if (order > MAX_HUGE_ORDER)
    throw Fault.at(
      "corrupt",
      state.address,
      `huge page order ${order} exceeds the limit of ${MAX_HUGE_ORDER}; struct hstate is probably damaged`,
    );
  return 2 ** order;
}

/** Returns the size of one huge page, in bytes. @throws Fault */
export const hugePageBytes = (state: Obj<"struct hstate">): number => pageSize(state.kernel) * hugePagePages(state);
