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
import { right } from "../../../../render/pad.ts";
import { faultSpan, faultJson, record, text, type Piece, type Pieces } from "../../../../say/piece.ts";
import { sizeText } from "../../../../render/quantity.ts";
import { sharedPages } from "./shared.ts";

/** A row: what is counted, and of which other row it is a part. */
interface Row {
  readonly name: string;
  readonly pages: number | Fault;
  readonly of?: { readonly name: string; readonly pages: number | Fault };
}

/** `kmem -i`. @param withShared whether to count pages with several users, for which all pages must be looked at */
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
  yield text([{ as: "title", text: "                 PAGES        TOTAL      PERCENTAGE" }]);
  let isFirst = true;
  for (const group of groups) {
    if (!isFirst) yield text("");
    isFirst = false;
    for (const row of group) yield shown(kernel, row);
  }
}

const less = (a: Row, b: Row): number | Fault =>
  a.pages instanceof Fault ? a.pages : b.pages instanceof Fault ? b.pages : a.pages - b.pages;

function shown(kernel: Kernel, { name, pages, of }: Row): Piece {
  const label = name.padStart(13);
  if (pages instanceof Fault) return record({ name, pages: faultJson(pages) }, [label, "   ", faultSpan(pages)]);
  const bytes = pages * pageSize(kernel);
  const whole = of?.pages;
  const percent = typeof whole === "number" ? (whole > 0 ? Math.floor((pages * 100) / whole) : 0) : undefined;
  const share = of && percent !== undefined ? `${String(percent).padStart(5)}% of ${of.name}` : "         ----";
  return record({ name, pages, bytes, percent, of: of?.name }, [
    label,
    ...right(String(pages), 9),
    ...right(bytes === 0 ? "0" : sizeText(bytes), 13),
    share,
  ]);
}
