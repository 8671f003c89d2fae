/** Implements `kmem -z`: shows the counters of zones. */
import { attempt, Fault } from "../../../../base/fault.ts";
import { pglistData, watermarks, zoneName, zonesOf } from "../../../../linux/mm/mmzone.ts";
import { type Counter, counterArray } from "../../../../linux/mm/vmstat.ts";
import type { Kernel } from "../../../../model/kernel.ts";
import type { Obj } from "../../../../model/object.ts";
import type { PageKeys } from "../../../../protocol/records.ts";
import { table, TableLayout } from "../../../../render/layout.ts";
import { faultPiece, text, type Pieces, type Span } from "../../../../say/piece.ts";
import type { Column, Table } from "../../../../say/table.ts";
import { counterColumns } from "./counters.ts";
import { shortAddressSpan } from "../../../say/addressCell.ts";

interface ZoneRow {
  /** The zone, `struct zone`. */
  readonly zone: Obj;
  readonly node: Obj;
  /** Index of the zone in its node. */
  readonly number: number;
  /** Number of pages from the first to the last, including holes. */
  readonly spanned: number | Fault;
  readonly present: number | Fault;
  /** The watermarks WMARK_MIN, WMARK_LOW and WMARK_HIGH. */
  readonly marks: readonly number[] | Fault;
}

const isEmpty = ({ spanned }: ZoneRow): boolean => spanned === 0;

/** A column of one of the three watermarks. For an empty zone they are only in the JSON. */
const mark = (index: 0 | 1 | 2, gap: string): Column<ZoneRow> => ({
  kind: "number",
  title: "",
  unit: "pages",
  line: 1,
  gap: "",
  align: "left",
  value: ({ marks }) => (marks instanceof Fault ? marks : marks[index]),
  text: (pages, row) => (isEmpty(row) ? "" : `${gap}${pages}`),
});

export const zoneTable: Table<ZoneRow, PageKeys["kmem -z"]> = {
  columns: {
    node: { kind: "number", title: "", gap: "NODE: ", align: "left", value: ({ node }) => node.at("node_id").number() },
    zone: { kind: "number", title: "", gap: "  ZONE: ", align: "left", value: ({ number }) => number },
    address: {
      kind: "address",
      title: "",
      gap: "  ADDR: ",
      about: "of the struct zone",
      value: ({ zone }) => zone.address,
      width: 0,
      text: shortAddressSpan,
    },
    name: {
      kind: "text",
      title: "",
      gap: '  NAME: "',
      value: ({ zone }) => zoneName(zone),
      text: (name) => `${name}"`,
    },
    spanned: {
      kind: "number",
      title: "",
      unit: "pages",
      about: "from the first page of the zone to the last, including holes",
      line: 1,
      gap: "  ",
      align: "left",
      value: ({ spanned }) => spanned,
      text: (pages) => (pages === 0 ? "[unpopulated]" : `SIZE: ${pages}`),
    },
    present: {
      kind: "number",
      title: "",
      unit: "pages",
      line: 1,
      gap: "",
      align: "left",
      value: ({ present }) => present,
      text: (pages, { spanned }): Span => (pages === spanned || spanned === 0 ? "" : `  PRESENT: ${pages}`),
    },
    min: mark(0, "  MIN/LOW/HIGH: "),
    low: mark(1, "/"),
    high: mark(2, "/"),
  },
};

/** The table of a zone's counters. @param zone address of the zone */
export const zoneCountersTable = (zone = 0n, counters: readonly Counter[] = []): Table<Counter> => ({
  columns: {
    address: { kind: "address", about: "of the struct zone", value: () => zone },
    ...counterColumns(counters, 21),
  },
});

/** Shows each zone's size, watermarks and counters. */
export function* zoneStatistics(kernel: Kernel): Pieces {
  const layout = new TableLayout(kernel, zoneTable);
  for (const node of pglistData(kernel)) {
    let number = 0;
    for (const zone of zonesOf(node)) {
      const spanned = attempt(() => zone.at("spanned_pages").number());
      const present = attempt(() => zone.at("present_pages").number());
      yield layout.row({ zone, node, number: number++, spanned, present, marks: attempt(() => watermarks(zone)) });
      if (spanned !== 0) yield* statistics(kernel, zone);
      yield text("");
    }
  }
}

function* statistics(kernel: Kernel, zone: Obj): Pieces {
  const counters = attempt(() => counterArray(kernel, zone.at("vm_stat").address, "zone_stat_item"));
  yield text("  VM_STAT:");
  if (counters instanceof Fault) yield faultPiece(counters, "  ");
  else yield* table(kernel, zoneCountersTable(zone.address, counters), counters, { heading: false });
  yield text("");
}
