/** The `swap` command: lists swap areas. */
import { type Fault, untilFault } from "../../../base/fault.ts";
import { filePath } from "../../../linux/fs/dcache.ts";
import { pageSize } from "../../../linux/mm/page.ts";
import { isSwapPartition, swapAreas, swapPages, swapPagesInUse } from "../../../linux/mm/swap.ts";
import type { Obj } from "../../../model/object.ts";
import { TableLayout } from "../../../render/layout.ts";
import { faultPiece } from "../../../say/piece.ts";
import type { PageKeys } from "../../../protocol/records.ts";
import type { Table } from "../../../say/table.ts";
import { command } from "../../language/command.ts";
import { kilobytesText } from "./sizes.ts";

export const swap = command({
  name: "swap",
  readsOnly: true,
  summary: "swap areas",
  usage: "",
  takesOnlyOptions: true,
  options: [],
  description:
    "Lists the swap areas in use: size and used size in kilobytes, percentage, priority, and file or device.",
  examples: [{ line: "swap", shows: "Every swap area." }],
  records: () => [{ line: "swap", fields: swapTable.columns }],
  needs: ["types"],
  *run({ kernel }) {
    const layout = new TableLayout(kernel, swapTable);
    yield layout.heading();
    let fault: Fault | undefined;
    for (const { area } of untilFault(swapAreas(kernel), (why) => (fault = why))) yield layout.row(area);
    if (fault) yield faultPiece(fault, "swap: ");
  },
});

/** The table of swap areas. A row is a `struct swap_info_struct`. */
export const swapTable: Table<Obj, PageKeys["swap"]> = {
  gap: "",
  columns: {
    swapInfo: { kind: "address", title: "SWAP_INFO_STRUCT", titleAlign: "left", value: ({ address }) => address },
    type: {
      kind: "text",
      title: "TYPE",
      gap: "  ",
      width: 9,
      align: "middle",
      titleAlign: "center",
      value: (area) => (isSwapPartition(area) ? "PARTITION" : "FILE"),
    },
    size: {
      kind: "number",
      title: "SIZE",
      unit: "bytes",
      width: 11,
      titleWidth: 8,
      value: (area) => swapPages(area) * pageSize(area.kernel),
      text: kilobytesText,
    },
    used: {
      kind: "number",
      title: "USED",
      unit: "bytes",
      width: 11,
      value: (area) => swapPagesInUse(area) * pageSize(area.kernel),
      text: kilobytesText,
    },
    percent: {
      kind: "number",
      title: "PCT",
      unit: "percent",
      about: "share of the area that is in use, rounded down",
      width: 7,
      titleWidth: 8,
      value: (area) => Math.floor((swapPagesInUse(area) * 100) / Math.max(1, swapPages(area))),
      text: (percent) => `${percent}%`,
    },
    priority: { kind: "number", title: "PRI", width: 5, value: (area) => area.at("prio").number() },
    file: { kind: "text", title: "FILENAME", gap: "  ", value: (area) => filePath(area.at("swap_file").deref()) },
  },
};
