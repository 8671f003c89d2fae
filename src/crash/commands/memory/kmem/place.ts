import { attempt, Fault } from "../../../../base/fault.ts";
import { hex } from "../../../../base/hex.ts";
import { pfnToPage } from "../../../../linux/mm/memoryModel.ts";
import { pageSize } from "../../../../linux/mm/page.ts";
import type { Kernel } from "../../../../model/kernel.ts";
import type { Obj } from "../../../../model/object.ts";
import { faultSpan, type Span } from "../../../../say/piece.ts";

/** Where a zone or node begins: its first page's struct, physical address and page frame; nothing for an empty one. */
export interface Start {
  readonly map: Span;
  readonly physical: string;
  readonly pfn: number;
}

const NOWHERE: Start = { map: "0", physical: "0", pfn: 0 };

/** @throws Fault when the page frames cannot be read */
export function startOf(zone: Obj, startMember: string, pagesMember: string): Start {
  const { kernel } = zone;
  if (zone.at(pagesMember).value() === 0n) return NOWHERE;
  const pfn = zone.at(startMember).number();
  return { map: pageSpan(kernel, pfn), physical: hex(BigInt(pfn) * BigInt(pageSize(kernel))), pfn };
}

function pageSpan(kernel: Kernel, pfn: number): Span {
  const page = attempt(() => pfnToPage(kernel, pfn));
  if (page instanceof Fault) return faultSpan(page);
  return page === undefined ? "0" : { as: "address", text: hex(page), address: page };
}
