/** Page size. */
import type { Kernel } from "../../model/kernel.ts";

/** Page size of most machines, used if VMCOREINFO has none. */
const COMMON_PAGE_SIZE = 4096;

/** Returns the size of a page of this kernel, in bytes: VMCOREINFO's PAGESIZE (kernel/crash_core.c). */
export function pageSize(kernel: Kernel): number {
  const noted = Number(kernel.vmcoreinfo("PAGESIZE"));
  const isPowerOfTwo = noted > 0 && Number.isInteger(Math.log2(noted));
  return isPowerOfTwo ? noted : COMMON_PAGE_SIZE;
}

/** Returns PAGE_SHIFT: the binary logarithm of the page size. */
export const pageShift = (kernel: Kernel): number => Math.log2(pageSize(kernel));
