import type { Kernel } from "../model/kernel.ts";

const SMALLEST = 4096;

/** Bytes of a page, PAGE_SIZE: as VMCOREINFO notes it, else the smallest that any architecture has. */
export function pageSize(kernel: Kernel): number {
  const noted = Number(kernel.vmcoreinfo("PAGESIZE") ?? SMALLEST);
  const plausible = noted >= SMALLEST && noted <= 1 << 20 && (noted & (noted - 1)) === 0;
  return plausible ? noted : SMALLEST;
}
