/** ID allocators. */
import type { Kernel } from "../model/kernel.ts";
import type { Obj } from "../model/object.ts";
import { type XarrayEntry, xarrayEntries, xarrayLoad } from "./xarray.ts";

/**
 * Returns the base of an allocator. Since Linux kernel commit 6ce711f27500 ("idr: Make 1-based IDRs more efficient")
 * (in v4.16) ids are stored minus their base.
 */
const base = (idr: Obj<"struct idr">): bigint => (idr.has("idr_base") ? idr.at("idr_base").value() : 0n);

/** Yields ids and pointers of a `struct idr` in ascending order. @throws Fault as `xarrayEntries` */
export function* idrEntries(kernel: Kernel, idr: Obj<"struct idr">): Generator<XarrayEntry> {
  const first = base(idr);
  for (const { index, entry } of xarrayEntries(kernel, idr.at("idr_rt"))) yield { index: index + first, entry };
}

/** Returns the pointer of an id; 0 if there is none. @throws Fault */
export const idrFind = (kernel: Kernel, idr: Obj<"struct idr">, id: bigint): bigint =>
  id < base(idr) ? 0n : xarrayLoad(kernel, idr.at("idr_rt"), id - base(idr));
