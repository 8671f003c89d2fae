/** Swap areas. */
import { Fault } from "../../base/fault.ts";
import { bare } from "../../debuginfo/ctype.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import { globalU32, globalWord, noteSymbol } from "../vmcoreinfo.ts";

/** include/linux/swap.h: the entry of `swap_info` is in use. */
const SWP_USED = 1 << 0;
const S_IFMT = 0o170000;
const S_IFBLK = 0o060000;

/** Maximum number of swap areas; MAX_SWAPFILES is at most 32. */
const MAX_SWAPFILES = 32;

/**
 * Yields the active swap areas, `struct swap_info_struct`, each with the number that swap entries use for it.
 * `swap_info` contains pointers since Linux kernel commit efa90a981bbc ("swap_info: change to array of pointers") (in
 * v2.6.33). @throws Fault
 */
export function* swapAreas(
  kernel: Kernel,
): Generator<{ readonly type: number; readonly area: Obj<"struct swap_info_struct"> }> {
  const count = Math.min(globalU32(kernel, "nr_swapfiles") ?? 0, MAX_SWAPFILES);
  const table = kernel.object("struct swap_info_struct *", noteSymbol(kernel, "swap_info"));
  for (let type = 0; type < count; type++) {
    const slot = kernel.object(table.type, table.address + BigInt(type * kernel.arch.wordSize));
    if (slot.value() === 0n) continue;
    const area = slot.deref();
    if (area.at("flags").number() & SWP_USED && area.at("swap_file").value() !== 0n) yield { type, area };
  }
}

/** Returns the number of usable pages of an area. @throws Fault */
export const swapPages = (area: Obj<"struct swap_info_struct">): number => area.at("pages").number();

/** Mask that removes the flags above the count; an area of up to 4 TB fits into it. */
const SWAP_USAGE_MASK = (1n << 30n) - 1n;

/**
 * Returns the number of pages in use of an area. Since Linux kernel commit b228386cf37c ("mm, swap: clean up plist
 * removal and adding") (in v6.14) it is an atomic with a flag above the count. @throws Fault
 */
export function swapPagesInUse(area: Obj<"struct swap_info_struct">): number {
  const count = area.at("inuse_pages");
  return bare(count.type).kind === "struct" ? Number(count.at("counter").value() & SWAP_USAGE_MASK) : count.number();
}

/** Whether an area is a whole block device and not a file. @throws Fault */
export const isSwapPartition = (area: Obj<"struct swap_info_struct">): boolean =>
  (area.at("swap_file.f_mapping.host.i_mode").number() & S_IFMT) === S_IFBLK;

/** Returns the swap space of the system, in pages. @throws Fault */
export function totalSwapPages(kernel: Kernel): number {
  const pages = globalWord(kernel, "total_swap_pages");
  if (pages === undefined) throw Fault.of("unknown", "no symbol total_swap_pages: the kernel has no swap");
  return Number(pages);
}
