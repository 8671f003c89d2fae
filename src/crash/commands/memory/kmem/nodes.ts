/** Nodes of memory with their zones, for `kmem -n`. */
import type { Fault } from "../../../../base/fault.ts";
import { pglistData, zonesOf } from "../../../../linux/mm/mmzone.ts";
import { hasSections } from "../../../../linux/mm/sparse.ts";
import type { Kernel } from "../../../../model/kernel.ts";
import type { Obj } from "../../../../model/object.ts";
import { TableLayout } from "../../../../render/layout.ts";
import { addressJson, lazyRecord, text, type Line, type Pieces } from "../../../../say/piece.ts";
import type { Column, Table } from "../../../../say/table.ts";
import { type Start, startColumns, startOf, zoneColumns } from "./place.ts";
import { addressSpan } from "../../../say/addressCell.ts";
import { blockTable, sectionTable } from "./sections.ts";

/** Lists nodes with their zones, memory sections, and blocks of sections. */
export function* memoryNodeTables(kernel: Kernel): Pieces {
  for (const node of pglistData(kernel)) yield* nodeTable(kernel, node);
  if (hasSections(kernel)) yield* sectionTable(kernel);
  yield* blockTable(kernel);
}

interface NodeRow {
  /** The node, `pg_data_t`. */
  readonly node: Obj;
  /** The zones of the node, `struct zone`s. */
  readonly zones: readonly Obj[];
  readonly start: Start | Fault | undefined;
}

const nodeColumns = {
  node: {
    kind: "number",
    title: "NODE",
    titleWidth: 4,
    width: 3,
    value: ({ node }) => node.at("node_id").number(),
  },
  size: {
    kind: "number",
    title: "SIZE",
    unit: "pages",
    gap: "    ",
    align: "left",
    titleWidth: 4,
    width: 6,
    value: ({ node }) => node.at("node_spanned_pages").number(),
  },
  pglistData: {
    kind: "address",
    title: "PGLIST_DATA",
    titleAlign: "center",
    gap: "   ",
    titleGap: "    ",
    value: ({ node }) => node.address,
  },
  zones: {
    kind: "data",
    title: "NODE_ZONES",
    titleAlign: "center",
    about: "addresses of structs zone",
    // Kernels since v4.20 have no boot memory allocator.
    gap: "        ----        ",
    titleGap: "    BOOTMEM_DATA    ",
    width: "address",
    value: ({ zones }) => zones.map(({ address }) => addressJson(address)),
    text: (_, { zones }) => zones.slice(0, 1).map((zone) => addressSpan(zone.kernel, zone.address)),
  },
} as const satisfies { readonly [key: string]: Column<NodeRow> };

const mapColumns = {
  memMap: { ...startColumns.memMap, titleAlign: "center" },
  physical: { ...startColumns.physical, align: "middle", gap: "    ", titleGap: "     " },
  startPfn: { ...startColumns.startPfn, align: "middle", gap: "     ", titleGap: "    " },
} as const satisfies { readonly [key: string]: Column<NodeRow> };

export const nodesTable: Table<NodeRow> = { columns: { ...nodeColumns, ...mapColumns } };

/** The table of the zones after the first, printed below the node. @param digits digits of an address */
const moreZonesTable = (digits: number): Table<Obj> => ({
  columns: {
    zone: { kind: "address", title: "", width: 36 + 2 * digits, align: "right", value: ({ address }) => address },
  },
});

function* nodeTable(kernel: Kernel, node: Obj): Pieces {
  const row = {
    node,
    zones: [...zonesOf(node)],
    start: startOf(node, "node_start_pfn", "node_spanned_pages"),
  };
  const own = new TableLayout<NodeRow>(kernel, { columns: nodeColumns });
  const map = new TableLayout<NodeRow>(kernel, { columns: mapColumns });
  const all = new TableLayout(kernel, nodesTable);
  const more = new TableLayout(kernel, moreZonesTable(kernel.arch.wordSize * 2));
  const zones = new TableLayout(kernel, nodeZonesTable);
  const lines = (): Line[] => [
    own.headingLine(),
    ...own.lines(row),
    ...row.zones.slice(1).map((zone) => more.line(zone)),
    map.headingLine(),
    ...map.lines(row),
    [],
  ];
  yield lazyRecord(() => all.data(row), lines, { fields: nodesTable.columns });
  yield zones.heading();
  let number = 0;
  for (const zone of row.zones)
    yield zones.row({ zone, number: number++, start: startOf(zone, "zone_start_pfn", "spanned_pages") });
  yield text("");
}

interface NodeZoneRow {
  /** The zone, `struct zone`. */
  readonly zone: Obj;
  readonly number: number;
  readonly start: Start | Fault | undefined;
}

export const nodeZonesTable: Table<NodeZoneRow> = {
  gap: "  ",
  columns: {
    ...zoneColumns,
    name: { ...zoneColumns.name, width: 9 },
    memMap: { ...startColumns.memMap, align: "right" },
    physical: { ...startColumns.physical, align: "right" },
    startPfn: startColumns.startPfn,
  },
};
