/** Implements `kmem -h`: lists huge pages. */
import { hstates, hugePageBytes } from "../../../../linux/mm/hugetlb.ts";
import type { Kernel } from "../../../../model/kernel.ts";
import type { Obj } from "../../../../model/object.ts";
import { table } from "../../../../render/layout.ts";
import { sizeText } from "../../../../render/quantity.ts";
import type { Pieces } from "../../../../say/piece.ts";
import type { Table } from "../../../../say/table.ts";
import { shortAddressSpan } from "../../../say/addressCell.ts";

/** The table of huge pages. A row is a `struct hstate`. */
export const hugePagesTable: Table<Obj> = {
  gap: "",
  columns: {
    hstate: {
      kind: "address",
      title: "HSTATE",
      titleAlign: "center",
      value: ({ address }) => address,
      text: shortAddressSpan,
    },
    bytes: {
      kind: "number",
      title: "SIZE",
      unit: "bytes",
      about: "of one page",
      width: 7,
      value: hugePageBytes,
      text: (bytes) => sizeText(bytes).replace(" ", ""),
    },
    free: {
      kind: "number",
      title: "FREE",
      unit: "pages",
      width: 8,
      value: (state) => state.at("free_huge_pages").number(),
    },
    total: {
      kind: "number",
      title: "TOTAL",
      unit: "pages",
      width: 8,
      value: (state) => state.at("nr_huge_pages").number(),
    },
    name: { kind: "text", title: "NAME", gap: "  ", value: (state) => state.at("name").text() },
  },
};

/** Lists the sizes of huge pages and their counts. */
export const hugePageTable = (kernel: Kernel): Pieces => table(kernel, hugePagesTable, hstates(kernel));
