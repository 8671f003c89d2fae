/** Recognition of slab pages by their `struct page`. */
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
 * A function that checks whether a page is the first page of a slab: by the flag PG_slab or, since Linux kernel commit
 * 46df8e73a4a3 ("mm: free up PG_slab") (in v6.10), by the page type. If a slab has several pages, only the first is
 * marked. @throws Fault "unknown"
 */
export const slabPageTest = derived(
  "slab page test",
  (kernel): ((page: Pick<PageStruct, "flags" | "type">) => boolean) => {
    const mask = pageFlagMask(kernel, "PG_slab");
    const isSlab = mask === undefined ? pageTypeTest(kernel, "slab") : undefined;
    if (mask !== undefined) return ({ flags }) => (flags & mask) !== 0n;
    if (isSlab) return ({ type }) => isSlab(type);
    throw Fault.of("unknown", "slab pages cannot be recognized: neither PG_slab nor its page type is known");
  },
);

/**
 * Returns the first page of the compound page that a page belongs to, both as `struct page` addresses. A tail page's
 * `compound_head` is the address of the head plus one (since v4.4). `compound_info`, which replaced it in v7.1, can
 * contain a mask for the tail's own address instead. @throws Fault
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

/** Returns the first page up to v4.3: a flag marks a tail page, and a pointer leads to its head. */
function firstPage(page: Obj<"struct page">): bigint {
  const tail = pageFlagMask(page.kernel, "PG_tail");
  const isTail = tail !== undefined && (page.at("flags").value() & tail) !== 0n;
  return isTail ? page.at("first_page").value() : page.address;
}

/**
 * Returns the cache and the slab that a page frame belongs to; undefined if the page is not in a slab. @throws Fault
 */
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
  // Caches found before the list breaks are kept.
  attempt(() => {
    for (const cache of slabCaches(kernel)) caches.set(cache.address, cache);
  });
  return caches;
});

/** Returns the cache at an address; undefined if the list of caches does not contain it. */
export function knownCache(kernel: Kernel, address: bigint): Obj<"struct kmem_cache"> | undefined {
  const known = cachesByAddress(kernel);
  return known.get(address);
}
