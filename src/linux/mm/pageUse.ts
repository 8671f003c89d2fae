/** What a page is used for: slab cache, anonymous memory or page cache of a file. */
import type { Kernel } from "../../model/kernel.ts";
import { dentryPath } from "../fs/dcache.ts";
import type { PageStruct } from "./pageStruct.ts";
import { cacheName } from "../slab/slab.ts";
import { slabOfPfn } from "../slab/slabPage.ts";

/** Low bits of `page->mapping` (include/linux/page-flags.h). */
const PAGE_MAPPING_ANON = 1n;
const PAGE_MAPPING_FLAGS = 3n;
const PAGE_MAPPING_KSM = 3n;

/** Returns what a page with marked low bits in `page->mapping` is used for; undefined if it belongs to a file. */
export function useOfMapping(mapping: bigint): string | undefined {
  const flags = mapping & PAGE_MAPPING_FLAGS;
  if (flags === PAGE_MAPPING_ANON) return "anonymous memory";
  if (flags === PAGE_MAPPING_KSM) return "merged anonymous memory (KSM)";
  return flags === 0n ? undefined : "movable kernel page";
}

/**
 * Describes what a page is used for: "slab of dentry", "anonymous memory", "page cache of /path". @returns undefined
 * for a free page, and for a page that the kernel uses but that is in no slab @throws Fault
 */
export function pageUse(kernel: Kernel, { pfn, mapping }: PageStruct): string | undefined {
  const slab = slabOfPfn(kernel, pfn);
  if (slab) return `slab of ${cacheName(slab.cache)}`;
  if (mapping === 0n || !kernel.memory.isKernelAddress(mapping)) return undefined;
  const marked = useOfMapping(mapping);
  if (marked !== undefined) return marked;
  const host = kernel.object("struct address_space", mapping).at("host");
  if (host.value() === 0n) return "page cache without a file";
  const alias = host.deref().at("i_dentry.first");
  if (alias.value() === 0n) return `page cache of inode ${host.deref().at("i_ino").value()}`;
  const dentry = alias.deref().containerOf("struct dentry", "d_u.d_alias");
  return `page cache of ${dentryPath({ mount: undefined, dentry })}`;
}
