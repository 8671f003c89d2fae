/** Memory nodes and zones. */
import { attempt, Fault } from "../../base/fault.ts";
import { derived } from "../../model/derived.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import { memoryNodes } from "./mm.ts";

/** Yields every memory node, `struct pglist_data`. @throws Fault */
export function* pglistData(kernel: Kernel): Generator<Obj<"struct pglist_data">> {
  for (const address of memoryNodes(kernel)) yield kernel.object("struct pglist_data", address);
}

/** Maximum number of zones of a node; MAX_NR_ZONES is at most 6. */
const MAX_ZONES = 16;

/** Yields the zones of a node, `struct zone`, including unpopulated ones. @throws Fault */
export function* zonesOf(node: Obj<"struct pglist_data">): Generator<Obj<"struct zone">> {
  let zones = 0;
  for (const zone of node.at("node_zones").elements()) if (zones++ < MAX_ZONES) yield zone;
}

/** Yields the zones of all nodes. @throws Fault */
export function* zones(kernel: Kernel): Generator<Obj<"struct zone">> {
  for (const node of pglistData(kernel)) yield* zonesOf(node);
}

/** Returns the number of pages of a zone that the page allocator manages; an atomic since v5.0. @throws Fault */
export const managedPages = (zone: Obj<"struct zone">): number =>
  Number(
    zone.has("managed_pages.counter") ? zone.at("managed_pages.counter").value() : zone.at("managed_pages").value(),
  );

/** Returns the name of a zone, such as "DMA32". @throws Fault */
export const zoneName = (zone: Obj<"struct zone">): string => zone.at("name").text();

/**
 * Returns the watermarks min, low and high of a zone, in pages (mm/page_alloc.c: `zone_watermark`).
 * Since Linux kernel commit a9214443c4ba ("mm: move zone watermark accesses behind an accessor") (in v5.0) the stored
 * values do not include the boost, which is added to each. @throws Fault
 */
export function watermarks(zone: Obj<"struct zone">): readonly number[] {
  const marks = zone.has("_watermark") ? zone.at("_watermark") : zone.at("watermark");
  const boost = zone.has("watermark_boost") ? zone.at("watermark_boost").number() : 0;
  return [0, 1, 2].map((i) => marks.index(i).number() + boost);
}

/** Range of page frames of all nodes; `end` is exclusive. @throws Fault */
export const pageFrames = derived("page frames", (kernel): { readonly first: number; readonly end: number } => {
  let [first, end] = [Infinity, 0];
  for (const node of pglistData(kernel)) {
    const start = attempt(() => node.at("node_start_pfn").number());
    const count = attempt(() => node.at("node_spanned_pages").number());
    if (start instanceof Fault || count instanceof Fault || count === 0) continue;
    first = Math.min(first, start);
    end = Math.max(end, start + count);
  }
  return { first: Math.min(first, end), end };
});

const nodeSpans = derived("node spans", (kernel) =>
  [...pglistData(kernel)].map((node) => ({
    id: node.at("node_id").number(),
    first: node.at("node_start_pfn").number(),
    count: node.at("node_spanned_pages").number(),
  })),
);

/** Returns the number of the node that a page frame belongs to; undefined if no node contains it. @throws Fault */
export function nodeOfPfn(kernel: Kernel, pfn: number): number | undefined {
  const spans = nodeSpans(kernel);
  return spans.find(({ first, count }) => pfn >= first && pfn < first + count)?.id;
}
