/** Implements `kmem -f` and `-F`: lists the free blocks of the page allocator. */
import { attempt, type Fault, untilFault } from "../../../../base/fault.ts";
import { hex } from "../../../../base/hex.ts";
import { freeBlockOf, freeBlocks, freeListOf, freeLists, type FreeList } from "../../../../linux/mm/buddy.ts";
import { freePages } from "../../../../linux/mm/meminfo.ts";
import { pfnToPage } from "../../../../linux/mm/memoryModel.ts";
import { pglistData, zonesOf } from "../../../../linux/mm/mmzone.ts";
import { pageSize } from "../../../../linux/mm/page.ts";
import { zoneFreePages } from "../../../../linux/mm/vmstat.ts";
import type { Kernel } from "../../../../model/kernel.ts";
import type { Obj } from "../../../../model/object.ts";
import type { PageKeys } from "../../../../protocol/records.ts";
import { TableLayout } from "../../../../render/layout.ts";
import { addressJson, faultPiece, progress, text, type Piece, type Pieces } from "../../../../say/piece.ts";
import type { Column, Table } from "../../../../say/table.ts";
import { kilobytesText } from "../sizes.ts";
import { type Start, startColumns, startOf, zoneColumns } from "./place.ts";
import { shortAddressSpan } from "../../../say/addressCell.ts";

/** Lists the page allocator's free lists and compares them with its own counter; with every block for `kmem -F`. */
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
  yield new TableLayout(kernel, freeCountTable).row({ counted: attempt(() => freePages(kernel)), found });
}

export const freeCountTable: Table<{ readonly counted: number | Fault; readonly found: number }> = {
  columns: {
    nrFreePages: {
      kind: "number",
      title: "",
      unit: "pages",
      about: "as the kernel counts them",
      gap: "nr_free_pages: ",
      value: ({ counted }) => counted,
    },
    found: {
      kind: "number",
      title: "",
      unit: "pages",
      about: "on the lists",
      gap: "  ",
      value: ({ found }) => found,
      text: (found, { counted }) => (counted === found ? "(verified)" : `(found ${found})`),
    },
  },
};

interface ZoneRow {
  /** The zone, `struct zone`. */
  readonly zone: Obj;
  /** Index of the zone in its node. */
  readonly number: number;
  /** First page frame of the zone's node, relative to which the table counts. */
  readonly nodeStart: number;
  readonly start: Start | Fault | undefined;
}

export const freeZonesTable: Table<ZoneRow> = {
  gap: "  ",
  columns: {
    ...zoneColumns,
    free: { kind: "number", title: "FREE", unit: "pages", gap: "", width: 8, value: ({ zone }) => zoneFreePages(zone) },
    memMap: { ...startColumns.memMap, align: "center", titleAlign: "center" },
    physical: { ...startColumns.physical, align: "middle" },
    startPfn: {
      ...startColumns.startPfn,
      align: "middle",
      text: (pfn: number, { nodeStart }: ZoneRow) => String(pfn - nodeStart),
    },
  },
};

const zoneHeading = (zone: Obj, number: number, nodeStart: number): Piece =>
  new TableLayout(zone.kernel, freeZonesTable).headed({
    zone,
    number,
    nodeStart,
    start: startOf(zone, "zone_start_pfn", "spanned_pages"),
  });

/** Lists the free lists of a zone. @returns the number of pages found on the lists */
function* zoneLists(kernel: Kernel, zone: Obj, withBlocks: boolean): Generator<Piece, number, void> {
  let pages = 0;
  let seen = 0;
  const counts = new TableLayout(kernel, freeAreasTable);
  if (!withBlocks) yield counts.heading();
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
    yield withBlocks ? blockLines(kernel, list, blocks) : counts.row({ kernel, list, count });
    if (fault) yield faultPiece(fault, "      ");
  }
  return pages;
}

interface AreaRow {
  readonly kernel: Kernel;
  readonly list: FreeList;
}

interface CountedArea extends AreaRow {
  /** Number of blocks on the list. */
  readonly count: number;
}

interface BlocksOfArea extends AreaRow {
  /** Address of the `struct page` of the first page of each block. */
  readonly blocks: readonly bigint[];
}

const areaColumns = {
  order: {
    kind: "number",
    title: "AREA",
    titleWidth: 4,
    width: 3,
    about: "blocks have 2^order pages",
    value: ({ list }) => list.order,
  },
  bytes: {
    kind: "number",
    title: "SIZE",
    unit: "bytes",
    about: "of a block",
    gap: "",
    titleWidth: 8,
    width: 9,
    value: ({ kernel, list }) => 2 ** list.order * pageSize(kernel),
    text: kilobytesText,
  },
  freeArea: {
    kind: "address",
    title: "FREE_AREA_STRUCT",
    titleAlign: "left",
    gap: "  ",
    value: ({ list }) => list.address,
    text: shortAddressSpan,
  },
} as const satisfies { readonly [key: string]: Column<AreaRow> };

export const freeAreasTable: Table<CountedArea, PageKeys["kmem -f"]> = {
  gap: "",
  columns: {
    ...areaColumns,
    blocks: { kind: "number", title: "BLOCKS", width: 8, value: ({ count }) => count },
    pages: { kind: "number", title: "PAGES", width: 7, value: ({ list, count }) => count * 2 ** list.order },
  },
};

export const freeBlocksTable: Table<BlocksOfArea> = {
  columns: {
    ...areaColumns,
    firstPages: {
      kind: "data",
      about: "the struct page of each block's first page",
      value: ({ blocks }) => blocks.map(addressJson),
    },
  },
};

const blockLines = (kernel: Kernel, list: FreeList, blocks: readonly bigint[]): Piece =>
  new TableLayout(kernel, freeBlocksTable).headed({ kernel, list, blocks }, () =>
    blocks.map((page) => [shortAddressSpan(page)]),
  );

interface HeldPage extends AreaRow {
  /** Address of the `struct page` of the block's first page. */
  readonly block: bigint;
  /** Number of the page in the block, from 1. */
  readonly nth: number;
}

export const freeBlockTable: Table<HeldPage> = {
  columns: {
    ...areaColumns,
    block: { kind: "address", about: "the struct page of the block's first page", value: ({ block }) => block },
    page: { kind: "number", about: "position of the page in the block, counted from 1", value: ({ nth }) => nth },
    of: { kind: "number", about: "pages of the block", value: ({ list }) => 2 ** list.order },
  },
};

/**
 * Shows the free block that contains a page, for `kmem -f ADDRESS`. Yields nothing for a page in use.
 * @param shown the address as the user wrote it
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
  const row = { kernel, list: where.list, block: address, nth };
  const remark = `  (${hex(shown)} is ${ordinal(nth)} of ${2 ** block.order} pages) `;
  yield new TableLayout(kernel, freeBlockTable).headed(row, () => [[shortAddressSpan(address), remark]]);
}

function ordinal(n: number): string {
  const isTeen = n % 100 >= 11 && n % 100 <= 13;
  return `${n}${isTeen ? "th" : (["th", "st", "nd", "rd"][n % 10] ?? "th")}`;
}
