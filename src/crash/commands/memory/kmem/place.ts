/** Columns with the name and size of a zone, and the start of a zone or node with its columns. */
import { attempt, Fault } from "../../../../base/fault.ts";
import { hex } from "../../../../base/hex.ts";
import { zoneName } from "../../../../linux/mm/mmzone.ts";
import { pfnToPage } from "../../../../linux/mm/memoryModel.ts";
import { pageSize } from "../../../../linux/mm/page.ts";
import type { Kernel } from "../../../../model/kernel.ts";
import type { Obj } from "../../../../model/object.ts";
import type { Column } from "../../../../say/table.ts";
import { shortAddressSpan } from "../../../say/addressCell.ts";

/** The start of a zone or node. */
export interface Start {
  /** Address of the `struct page` of its first page; undefined if there is none. */
  readonly memMap: bigint | Fault | undefined;
  readonly physical: bigint;
  readonly pfn: number;
}

/**
 * Reads where a zone or node begins.
 * @param startMember the member with the first page frame @param pagesMember the member with the number of pages
 * @returns undefined for an empty one; a Fault when these members cannot be read
 */
export function startOf(area: Obj, startMember: string, pagesMember: string): Start | Fault | undefined {
  const { kernel } = area;
  return attempt(() => {
    if (area.at(pagesMember).value() === 0n) return undefined;
    const pfn = area.at(startMember).number();
    return { memMap: pageAt(kernel, pfn), physical: BigInt(pfn) * BigInt(pageSize(kernel)), pfn };
  });
}

const pageAt = (kernel: Kernel, pfn: number): bigint | Fault | undefined => attempt(() => pfnToPage(kernel, pfn));

/** A row with a start. */
interface RowWithStart {
  readonly start: Start | Fault | undefined;
}

interface ZoneRow {
  /** The zone, `struct zone`. */
  readonly zone: Obj;
  /** Index of the zone in its node. */
  readonly number: number;
}

/** The columns that name a zone and give its size. */
export const zoneColumns = {
  zone: { kind: "number", title: "ZONE", titleWidth: 4, width: 3, value: ({ number }) => number },
  address: { kind: "address", about: "of the struct zone", value: ({ zone }) => zone.address },
  name: { kind: "text", title: "NAME", gap: "   ", titleGap: "  ", width: 8, value: ({ zone }) => zoneName(zone) },
  size: {
    kind: "number",
    title: "SIZE",
    unit: "pages",
    gap: "",
    width: 8,
    value: ({ zone }) => zone.at("spanned_pages").number(),
  },
} as const satisfies { readonly [key: string]: Column<ZoneRow> };

/** The text of all start columns of an empty zone or node, and of MEM_MAP if the first page has no `struct page`. */
const NOTHING = "0";

/** Returns a function that makes a column's value from the start of a row. */
const ofStart =
  <T>(part: (start: Start) => T) =>
  ({ start }: RowWithStart): T | Fault | undefined =>
    start instanceof Fault || start === undefined ? start : part(start);

/** The columns of the start, to be placed after other columns. */
export const startColumns = {
  memMap: {
    kind: "address",
    title: "MEM_MAP",
    about: "the struct page of its first page",
    value: ofStart(({ memMap }) => memMap),
    text: shortAddressSpan,
    absent: NOTHING,
  },
  physical: {
    kind: "address",
    title: "START_PADDR",
    width: 11,
    value: ofStart(({ physical }) => physical),
    text: hex,
    absent: NOTHING,
  },
  startPfn: {
    kind: "number",
    title: "START_MAPNR",
    about: "its first page frame",
    width: 11,
    value: ofStart(({ pfn }) => pfn),
    absent: NOTHING,
  },
} as const satisfies { readonly [key: string]: Column<RowWithStart> };
