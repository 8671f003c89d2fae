/** Free lists of the buddy allocator. */
import { attempt, Fault } from "../../base/fault.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import { listNodes, memberOffset } from "../../kernel/list.ts";
import { pfnToPage } from "./memoryModel.ts";
import { zones } from "./mmzone.ts";
import { pageTypeTest } from "./pageFlags.ts";

/** A list of free blocks of one size and, if the kernel distinguishes migrate types, of one migrate type. */
export interface FreeList {
  /** A block has 2^order pages. */
  readonly order: number;
  /** `struct list_head`. */
  readonly address: bigint;
}

/**
 * Maximum numbers of orders and of migrate types, for damaged data. The kernel's MAX_ORDER is at most 16 (14 on arm64
 * with 64 KiB pages), its MIGRATE_TYPES at most 7.
 */
const MAX_ORDER = 20;
const MAX_MIGRATE_TYPES = 16;

/** Yields the lists of a zone's free blocks, smallest order first (`struct zone.free_area`). @throws Fault */
export function* freeLists(zone: Obj<"struct zone">): Generator<FreeList> {
  let order = 0;
  for (const area of zone.at("free_area").elements()) {
    const list = area.at("free_list");
    // Before v2.6.24 an area has one list for all migrate types.
    const heads = list.type.kind === "array" ? list.elements() : [list];
    let types = 0;
    for (const head of heads) if (types++ < MAX_MIGRATE_TYPES) yield { order, address: head.address };
    if (++order >= MAX_ORDER) return;
  }
}

/** Yields the `struct page` address of the first page of each block on a list. @throws Fault where the list breaks */
export function* freeBlocks(kernel: Kernel, { address }: FreeList): Generator<bigint> {
  // Since Linux kernel commit bf75f200569d ("mm/page_alloc: add page->buddy_list and page->pcp_list") (in v6.0) the
  // member is called buddy_list; it has the same offset as lru.
  const link = memberOffset(kernel, "struct page", "lru");
  for (const node of listNodes(kernel, address)) yield node - link;
}

/** A block of free pages. */
export interface FreeBlock {
  /** Page frame number of the block's first page. */
  readonly pfn: number;
  readonly order: number;
}

/**
 * Returns the free block that contains a page; undefined if the page is not free. Because blocks are aligned to their
 * size, there is one candidate for the first page for each order. The first page is marked free and has the order in
 * `private` (mm/page_alloc.c: set_buddy_order). @throws Fault "unknown" if it is not known how this kernel marks free
 * pages
 */
export function freeBlockOf(kernel: Kernel, pfn: number): FreeBlock | undefined {
  const isBuddy = pageTypeTest(kernel, "buddy");
  if (!isBuddy)
    throw Fault.of(
      "unknown",
      "VMCOREINFO has no NUMBER(PAGE_BUDDY_MAPCOUNT_VALUE), so free pages cannot be recognized",
    );
  const type = kernel.types.named("struct page");
  for (let order = 0; order < MAX_ORDER; order++) {
    const first = pfn - (pfn % 2 ** order);
    const address = attempt(() => pfnToPage(kernel, first));
    if (address instanceof Fault || address === undefined) continue;
    const page = kernel.object(type, address);
    const found = attempt(() =>
      isBuddy(page.at("_mapcount.counter").number()) ? page.at("private").number() : undefined,
    );
    if (typeof found === "number" && found >= order && found < MAX_ORDER) return { pfn: first, order: found };
  }
  return undefined;
}

/**
 * Returns the list that contains a free block, and its zone; undefined if no list of its zone contains it. @throws
 * Fault if a list breaks before the block is found
 */
export function freeListOf(
  kernel: Kernel,
  block: FreeBlock,
): { readonly zone: Obj<"struct zone">; readonly list: FreeList } | undefined {
  const page = pfnToPage(kernel, block.pfn);
  for (const zone of zones(kernel)) {
    const start = zone.at("zone_start_pfn").number();
    if (block.pfn < start || block.pfn >= start + zone.at("spanned_pages").number()) continue;
    for (const list of freeLists(zone)) {
      if (list.order !== block.order) continue;
      for (const first of freeBlocks(kernel, list)) if (first === page) return { zone, list };
    }
  }
  return undefined;
}
