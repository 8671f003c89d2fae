import { attempt, Fault } from "../../base/fault.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import { listNodes, memberOffset } from "../../kernel/list.ts";
import { pfnToPage } from "./memoryModel.ts";
import { zones } from "./mmzone.ts";
import { pageTypeTest } from "./pageFlags.ts";

/** A list of free blocks of one size, and of one migrate type where the kernel tells them apart. */
export interface FreeList {
  /** Blocks are of 2^order pages. */
  readonly order: number;
  /** `struct list_head`. */
  readonly address: bigint;
}

/** MAX_ORDER is at most 16 (arm64 with 64K pages has 14), MIGRATE_TYPES 7. */
const MAX_ORDER = 20;
const MAX_MIGRATE_TYPES = 16;

/** Lists of a zone's free blocks, smallest first (`struct zone.free_area`). @throws Fault */
export function* freeLists(zone: Obj<"struct zone">): Generator<FreeList> {
  let order = 0;
  for (const area of zone.at("free_area").elements()) {
    const list = area.at("free_list");
    // Before v2.6.24 pages were not told apart by whether they can be moved.
    const heads = list.type.kind === "array" ? list.elements() : [list];
    let types = 0;
    for (const head of heads) if (types++ < MAX_MIGRATE_TYPES) yield { order, address: head.address };
    if (++order >= MAX_ORDER) return;
  }
}

/** The first page of each block on a list: addresses of `struct page`. @throws Fault where the list breaks */
export function* freeBlocks(kernel: Kernel, { address }: FreeList): Generator<bigint> {
  // Since Linux kernel commit bf75f200569d ("mm/page_alloc: add page->buddy_list and page->pcp_list") (in v6.0) the
  // list has a name of its own, but lies where lru does.
  const link = memberOffset(kernel, "struct page", "lru");
  for (const node of listNodes(kernel, address)) yield node - link;
}

/** A block of free pages. */
export interface FreeBlock {
  /** Page frame of its first page. */
  readonly pfn: number;
  readonly order: number;
}

/**
 * The free block that holds a page. Blocks are aligned to their size, so their first page is one of as many pages as
 * there are sizes; it is marked free and tells the size in `private` (mm/page_alloc.c: set_buddy_order).
 * @throws Fault unknown when how this kernel marks free pages is not known
 */
export function freeBlockOf(kernel: Kernel, pfn: number): FreeBlock | undefined {
  const isBuddy = pageTypeTest(kernel, "buddy");
  if (!isBuddy) throw Fault.of("unknown", "VMCOREINFO does not tell how free pages are marked");
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

/** The list that a block of free pages is on; undefined when it is on none that can be read. @throws Fault */
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
