import type { Kernel } from "../../model/kernel.ts";

/** What most machines have, for a dump whose VMCOREINFO does not tell. */
const COMMON_PAGE_SIZE = 4096;

/** Bytes of a page of this kernel: VMCOREINFO's PAGESIZE (kernel/crash_core.c). */
export function pageSize(kernel: Kernel): number {
  const noted = Number(kernel.vmcoreinfo("PAGESIZE"));
  const isPowerOfTwo = noted > 0 && Number.isInteger(Math.log2(noted));
  return isPowerOfTwo ? noted : COMMON_PAGE_SIZE;
}

/** PAGE_SHIFT. */
export const pageShift = (kernel: Kernel): number => Math.log2(pageSize(kernel));
