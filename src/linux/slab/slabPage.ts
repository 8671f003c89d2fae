import { attempt, Fault } from "../../base/fault.ts";
import { derived } from "../../model/derived.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import { pageToPfn, pfnToPage } from "../mm/memoryModel.ts";
import { pageFlagMask, pageTypeTest } from "../mm/pageFlags.ts";
import type { PageStruct } from "../mm/pageStruct.ts";
import { slabCaches } from "./slab.ts";
import { slabType } from "./slub.ts";

/**
 * Tells pages of the slab allocator: by the flag PG_slab, since Linux kernel commit 46df8e73a4a3 ("mm: free up
 * PG_slab") (in v6.10) by the page's type. Of a slab of several pages only the first is marked.
 * @throws Fault unknown
 */
export const slabPageTest = derived(
  "slab page test",
  (kernel): ((page: Pick<PageStruct, "flags" | "type">) => boolean) => {
    const mask = pageFlagMask(kernel, "PG_slab");
    const isSlab = mask === undefined ? pageTypeTest(kernel, "slab") : undefined;
    if (mask !== undefined) return ({ flags }) => (flags & mask) !== 0n;
    if (isSlab) return ({ type }) => isSlab(type);
    throw Fault.of("unknown", "how this kernel marks pages of slabs is not known");
  },
);

/**
 * The first page of the block that a page belongs to, by their structs. A tail page's `compound_head` is the head's
 * address plus one (since v4.4); v7.1's `compound_info` may hold a mask of the tail's own address in its place.
 * @throws Fault
 */
export function compoundHead(kernel: Kernel, address: bigint): bigint {
  const page = kernel.object("struct page", address);
  const name = ["compound_head", "compound_info"].find((one) => page.has(one));
  if (name === undefined) return page.has("first_page") ? firstPage(page) : address;
  const word = page.at(name).value();
  if ((word & 1n) === 0n) return address;
  const head = word - 1n;
  return pageToPfn(kernel, head) === undefined ? address & head : head;
}

/** Until v4.3 a flag tells a tail, and a pointer its head. */
function firstPage(page: Obj<"struct page">): bigint {
  const tail = pageFlagMask(page.kernel, "PG_tail");
  const isTail = tail !== undefined && (page.at("flags").value() & tail) !== 0n;
  return isTail ? page.at("first_page").value() : page.address;
}

/** The cache and the slab that a page frame belongs to; undefined for a page of no slab. @throws Fault */
export function slabOfPfn(
  kernel: Kernel,
  pfn: number,
): { readonly cache: Obj<"struct kmem_cache">; readonly slab: bigint } | undefined {
  const address = pfnToPage(kernel, pfn);
  if (address === undefined) return undefined;
  const head = compoundHead(kernel, address);
  const page = kernel.object("struct page", head);
  const words = {
    flags: kernel.memory.word(page.at("flags").address),
    type: kernel.memory.u32(page.at("_mapcount").address),
  };
  if (!slabPageTest(kernel)(words)) return undefined;
  const slab = kernel.object(slabType(kernel), head);
  const cache = knownCache(kernel, slab.at(slab.has("slab_cache") ? "slab_cache" : "slab").value());
  return cache && { cache, slab: head };
}

const cachesByAddress = derived("caches by address", (kernel) => {
  const caches = new Map<bigint, Obj<"struct kmem_cache">>();
  // What is known before the list breaks is what can be told.
  attempt(() => {
    for (const cache of slabCaches(kernel)) caches.set(cache.address, cache);
  });
  return caches;
});

/** The cache at an address; undefined when the list of caches has none there. */
export function knownCache(kernel: Kernel, address: bigint): Obj<"struct kmem_cache"> | undefined {
  const known = cachesByAddress(kernel);
  return known.get(address);
}
