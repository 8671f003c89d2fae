/** Implements `kmem -i`: shows the usage of memory. */
import { attempt, Fault } from "../../../../base/fault.ts";
import { blockDevicePages } from "../../../../linux/block/bdev.ts";
import {
  cachedPages,
  commitLimit,
  committedPages,
  freePages,
  hugePages,
  slabPages,
  swapUsed,
} from "../../../../linux/mm/meminfo.ts";
import { totalramPages } from "../../../../linux/mm/mm.ts";
import { pageSize } from "../../../../linux/mm/page.ts";
import { totalSwapPages } from "../../../../linux/mm/swap.ts";
import type { Kernel } from "../../../../model/kernel.ts";
import type { PageKeys } from "../../../../protocol/records.ts";
import { TableLayout } from "../../../../render/layout.ts";
import { sizeText } from "../../../../render/quantity.ts";
import { faultPiece, text, type Pieces, progress, type Piece } from "../../../../say/piece.ts";
import type { Table } from "../../../../say/table.ts";
import { memoryModel } from "../../../../linux/mm/memoryModel.ts";
import { pageFlagMask } from "../../../../linux/mm/pageFlags.ts";
import { pageStructs } from "../../../../linux/mm/pageStruct.ts";

/** A row: the counted pages, and the row of which it is a part. */
interface Row {
  readonly name: string;
  readonly pages: number | Fault;
  readonly of?: { readonly name: string; readonly pages: number | Fault };
}

/**
 * Shows the usage of memory. @param withShared whether to count pages with several users, which requires a scan of all
 * pages
 */
export function* memoryUsage(kernel: Kernel, withShared: boolean): Pieces {
  const shared = withShared ? yield* sharedPages(kernel) : undefined;
  const count = (name: string, read: () => number): Row => ({ name, pages: attempt(read) });
  const total = count("TOTAL MEM", () => Number(totalramPages(kernel)));
  const free = count("FREE", () => freePages(kernel));
  const huge = count("TOTAL HUGE", () => hugePages(kernel).total);
  const swap = count("TOTAL SWAP", () => totalSwapPages(kernel));
  const used = count("SWAP USED", () => swapUsed(kernel));
  const limit = count("COMMIT LIMIT", () => commitLimit(kernel));
  const part = (row: Row, of: Row, name = of.name): Row => ({ ...row, of: { name, pages: of.pages } });
  const groups: readonly (readonly Row[])[] = [
    [
      total,
      part(free, total),
      part({ name: "USED", pages: less(total, free) }, total),
      ...(shared === undefined ? [] : [part({ name: "SHARED", pages: shared }, total)]),
      part(
        count("BUFFERS", () => blockDevicePages(kernel)),
        total,
      ),
      part(
        count("CACHED", () => cachedPages(kernel)),
        total,
      ),
      part(
        count("SLAB", () => slabPages(kernel)),
        total,
      ),
    ],
    [
      huge,
      part(
        count("HUGE FREE", () => hugePages(kernel).free),
        huge,
      ),
    ],
    [swap, part(used, swap), part({ name: "SWAP FREE", pages: less(swap, used) }, swap)],
    [
      limit,
      part(
        count("COMMITTED", () => committedPages(kernel)),
        limit,
        "TOTAL LIMIT",
      ),
    ],
  ];
  const layout = new TableLayout(kernel, usageTable(pageSize(kernel)));
  yield layout.heading();
  let isFirst = true;
  for (const group of groups) {
    if (!isFirst) yield text("");
    isFirst = false;
    for (const row of group) yield layout.row(row);
  }
}

const less = (a: Row, b: Row): number | Fault =>
  a.pages instanceof Fault ? a.pages : b.pages instanceof Fault ? b.pages : a.pages - b.pages;

/** Returns the size of a row as a percentage of the row it belongs to, rounded down; undefined if there is none. */
function shareOf({ pages, of }: Row): number | Fault | undefined {
  if (pages instanceof Fault) return pages;
  if (typeof of?.pages !== "number") return undefined;
  return of.pages > 0 ? Math.floor((pages * 100) / of.pages) : 0;
}

const NO_SHARE = "    ----";

export const usageTable = (bytesOfPage = 4096): Table<Row, PageKeys["kmem -i"]> => ({
  gap: "",
  columns: {
    name: { kind: "text", title: "", width: 13, align: "right", value: ({ name }) => name },
    pages: { kind: "number", title: "PAGES", unit: "pages", width: 9, value: ({ pages }) => pages },
    bytes: {
      kind: "number",
      title: "TOTAL",
      unit: "bytes",
      width: 13,
      value: ({ pages }) => (pages instanceof Fault ? pages : pages * bytesOfPage),
      text: (bytes) => (bytes === 0 ? "0" : sizeText(bytes)),
    },
    percent: {
      kind: "number",
      title: "PERCENTAGE",
      unit: "percent",
      titleGap: "      ",
      titleWidth: 0,
      width: 5,
      about: "rounded down",
      value: shareOf,
    },
    of: {
      kind: "text",
      title: "",
      about: "the total that the percentage refers to",
      value: ({ of }) => of?.name,
      text: (name, row) => {
        const share = shareOf(row);
        return share instanceof Fault ? "" : share === undefined ? NO_SHARE : `% of ${name}`;
      },
      absent: ({ pages }) => (pages instanceof Fault ? "" : NO_SHARE),
    },
  },
});

/**
 * Counts pages with more than one user, without reserved pages (PG_reserved). The kernel has no such counter, so all
 * pages are scanned. Yields the first fault of the pages that cannot be counted.
 */
function* sharedPages(kernel: Kernel): Generator<Piece, number | Fault, void> {
  const end = attempt(() => memoryModel(kernel).runs.at(-1)?.end ?? 0);
  if (end instanceof Fault) return end;
  const reserved = pageFlagMask(kernel, "PG_reserved") ?? 0n;
  let shared = 0;
  let seen = 0;
  let unread = 0;
  let first: Fault | undefined;
  for (const page of pageStructs(kernel, 0, end)) {
    if (page instanceof Fault) [unread, first] = [unread + 1, first ?? page];
    else if (page.count > 1 && !(page.flags & reserved)) shared++;
    if (++seen % 4096 === 0) yield progress("pages", seen, end);
  }
  if (first) yield faultPiece(first, `SHARED leaves out ${unread} pages that cannot be read; the first fault: `);
  return shared;
}
