import { Fault } from "../../base/fault.ts";
import { bare } from "../../debuginfo/ctype.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import { globalU32, globalWord, noteSymbol } from "../vmcoreinfo.ts";

/** include/linux/swap.h: a slot in use. */
const SWP_USED = 1 << 0;
const S_IFMT = 0o170000;
const S_IFBLK = 0o060000;

/** MAX_SWAPFILES is at most 32. */
const MAX_SWAPFILES = 32;

/**
 * Swap areas in use, `struct swap_info_struct`, each with its number as swap entries name it. `swap_info` holds
 * pointers since Linux kernel commit efa90a981bbc ("swap_info: change to array of pointers") (in v2.6.33).
 * @throws Fault
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

/** Pages of an area that can be swapped to. @throws Fault */
export const swapPages = (area: Obj<"struct swap_info_struct">): number => area.at("pages").number();

/** Flags above a count that no area of 4 TB reaches. */
const SWAP_USAGE_MASK = (1n << 30n) - 1n;

/**
 * Pages of an area in use. Since Linux kernel commit b228386cf37c ("mm, swap: clean up plist removal and adding") (in
 * v6.14) an atomic count with a flag above it.
 * @throws Fault
 */
export function swapPagesInUse(area: Obj<"struct swap_info_struct">): number {
  const count = area.at("inuse_pages");
  return bare(count.type).kind === "struct" ? Number(count.at("counter").value() & SWAP_USAGE_MASK) : count.number();
}

/** Whether an area is a whole block device rather than a file. @throws Fault */
export const isSwapPartition = (area: Obj<"struct swap_info_struct">): boolean =>
  (area.at("swap_file.f_mapping.host.i_mode").number() & S_IFMT) === S_IFBLK;

/** Swap space of the whole system, in pages. @throws Fault */
export function totalSwapPages(kernel: Kernel): number {
  const pages = globalWord(kernel, "total_swap_pages");
  if (pages === undefined) throw Fault.of("unknown", "no symbol total_swap_pages: the kernel has no swap");
  return Number(pages);
}
