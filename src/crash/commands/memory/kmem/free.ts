import { attempt, Fault, untilFault } from "../../../../base/fault.ts";
import { hex } from "../../../../base/hex.ts";
import { freeBlockOf, freeBlocks, freeListOf, freeLists, type FreeList } from "../../../../linux/mm/buddy.ts";
import { freePages } from "../../../../linux/mm/meminfo.ts";
import { pfnToPage } from "../../../../linux/mm/memoryModel.ts";
import { pglistData, zoneName, zonesOf } from "../../../../linux/mm/mmzone.ts";
import { pageSize } from "../../../../linux/mm/page.ts";
import { counterArray } from "../../../../linux/mm/vmstat.ts";
import type { Kernel } from "../../../../model/kernel.ts";
import type { Obj } from "../../../../model/object.ts";
import { cell } from "../../../../say/cell.ts";
import { left, middle, right } from "../../../../render/pad.ts";
import {
  faultPiece,
  progress,
  record,
  text,
  type Json,
  type Line,
  type Piece,
  type Pieces,
  type Span,
  addressJson,
} from "../../../../say/piece.ts";
import { startOf } from "./place.ts";

/** `kmem -f` and, with every block, `kmem -F`: the page allocator's free lists, counted against its own counter. */
export function* freeAreas(kernel: Kernel, withBlocks: boolean): Pieces {
  let found = 0;
  for (const node of pglistData(kernel)) {
    const nodeStart = node.at("node_start_pfn").number();
    let number = 0;
    for (const zone of zonesOf(node)) {
      yield zoneHeading(zone, number++, nodeStart);
      const isPopulated = attempt(() => zone.at("spanned_pages").value()) !== 0n;
      if (isPopulated) found += yield* zoneLists(kernel, zone, withBlocks);
      yield text("");
    }
  }
  const counted = cell(() => freePages(kernel));
  const verdict = counted.json === found ? "(verified)" : `(found ${found})`;
  yield record({ nrFreePages: counted.json, found }, ["nr_free_pages: ", counted.span, `  ${verdict}`]);
}

/** @param nodeStart first page frame of the zone's node: the table counts from there */
function zoneHeading(zone: Obj, number: number, nodeStart: number): Piece {
  const width = zone.kernel.arch.wordSize * 2;
  const name = cell(() => zoneName(zone));
  const size = cell(() => zone.at("spanned_pages").number());
  const free = cell(() => zoneFreePages(zone));
  const start = startOf(zone, "zone_start_pfn", "spanned_pages");
  const title = `ZONE  NAME        SIZE    FREE  ${"MEM_MAP".padStart(width / 2 + 3).padEnd(width)}  START_PADDR  START_MAPNR`;
  const isEmpty = size.json === 0;
  return record(
    {
      zone: number,
      address: addressJson(zone.address),
      name: name.json,
      size: size.json,
      free: free.json,
      startPfn: start.pfn,
    },
    [{ as: "title", text: title }],
    [
      `${String(number).padStart(3)}   `,
      ...left(name.span, 8),
      ...right(size.span, 8),
      ...right(free.span, 8),
      "  ",
      ...middle(start.map, isEmpty ? width - 1 : width),
      isEmpty ? " " : "",
      "  ",
      ...middle(start.physical, 11),
      "  ",
      ...middle(isEmpty ? "0" : String(start.pfn - nodeStart), 11),
    ],
  );
}

/** Pages that the zone counts as free. @throws Fault */
function zoneFreePages(zone: Obj): number {
  if (zone.has("free_pages")) return zone.at("free_pages").number();
  const counters = counterArray(zone.kernel, zone.at("vm_stat").address, "zone_stat_item");
  const counter = counters.find(({ name }) => name === "NR_FREE_PAGES");
  if (!counter) throw Fault.of("unknown", "zones count no NR_FREE_PAGES");
  return counter.value;
}

/** @returns pages found on the lists */
function* zoneLists(kernel: Kernel, zone: Obj, withBlocks: boolean): Generator<Piece, number, void> {
  let pages = 0;
  let seen = 0;
  if (!withBlocks) yield text(areaTitle(kernel, "  BLOCKS  PAGES"));
  for (const list of freeLists(zone)) {
    const blocks: bigint[] = [];
    let fault: Fault | undefined;
    let count = 0;
    for (const block of untilFault(freeBlocks(kernel, list), (why) => (fault = why))) {
      count++;
      if (withBlocks) blocks.push(block);
      if (++seen % 1024 === 0) yield progress("free blocks", seen, 0);
    }
    pages += count * 2 ** list.order;
    yield withBlocks ? blockLines(kernel, list, blocks) : countLine(kernel, list, count);
    if (fault) yield faultPiece(fault, "      ");
  }
  return pages;
}

const areaTitle = (kernel: Kernel, more = ""): Line => [
  { as: "title", text: `AREA    SIZE  ${"FREE_AREA_STRUCT".padEnd(kernel.arch.wordSize * 2)}${more}` },
];

const areaStart = (kernel: Kernel, { order, address }: FreeList): Span[] => [
  String(order).padStart(3),
  `${(2 ** order * pageSize(kernel)) / 1024}k`.padStart(9),
  "  ",
  { as: "address", text: hex(address), address },
];

const areaData = ({ order, address }: FreeList): Record<string, Json> => ({ order, freeArea: addressJson(address) });

const countLine = (kernel: Kernel, list: FreeList, count: number): Piece =>
  record({ ...areaData(list), blocks: count, pages: count * 2 ** list.order }, [
    ...areaStart(kernel, list),
    ...right(String(count), 8),
    ...right(String(count * 2 ** list.order), 7),
  ]);

const blockLines = (kernel: Kernel, list: FreeList, blocks: readonly bigint[]): Piece =>
  record(
    { ...areaData(list), blocks: blocks.map(addressJson) },
    areaTitle(kernel),
    [...areaStart(kernel, list), "  "],
    ...blocks.map((address): Line => [{ as: "address", text: hex(address), address }]),
  );

/**
 * The free block that holds a page, as `kmem -f ADDRESS` shows it; nothing for a page in use.
 * @param shown the address as the user knows it
 */
export function* freeBlockAt(kernel: Kernel, pfn: number, shown: bigint): Pieces {
  const block = freeBlockOf(kernel, pfn);
  const where = block && freeListOf(kernel, block);
  if (!block || !where) return;
  for (const node of pglistData(kernel)) {
    const number = [...zonesOf(node)].findIndex(({ address }) => address === where.zone.address);
    if (number >= 0) yield zoneHeading(where.zone, number, node.at("node_start_pfn").number());
  }
  const address = pfnToPage(kernel, block.pfn) ?? 0n;
  const nth = pfn - block.pfn + 1;
  yield record(
    { ...areaData(where.list), block: addressJson(address), page: nth, of: 2 ** block.order },
    areaTitle(kernel),
    [...areaStart(kernel, where.list), "  "],
    [
      { as: "address", text: hex(address), address },
      `  (${hex(shown)} is ${ordinal(nth)} of ${2 ** block.order} pages) `,
    ],
  );
}

function ordinal(n: number): string {
  const isTeen = n % 100 >= 11 && n % 100 <= 13;
  return `${n}${isTeen ? "th" : (["th", "st", "nd", "rd"][n % 10] ?? "th")}`;
}
