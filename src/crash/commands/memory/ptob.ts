/** The `ptob` command: converts page numbers to byte addresses. */
import { hex } from "../../../base/hex.ts";
import { pageSize } from "../../../linux/mm/page.ts";
import { command } from "../../language/command.ts";
import { anyNumber } from "../../language/number.ts";
import { TableLayout } from "../../../render/layout.ts";
import type { Table } from "../../../say/table.ts";
import { WrongUse } from "../../language/wrongUse.ts";

export const ptob = command({
  name: "ptob",
  readsOnly: true,
  summary: "page number to byte address",
  usage: "page_number ...",
  options: [],
  description:
    "Shows the physical address of the first byte of each page. A page number is decimal unless it starts with 0x or cannot be decimal.",
  examples: [{ line: "ptob 1000", shows: "The address of page 1000 (0x3e8)." }],
  records: () => [{ line: "ptob 1000", fields: pageNumberTable.columns }],
  *run({ kernel }, { rest }) {
    if (rest.length === 0) throw new WrongUse("a page number is missing");
    const layout = new TableLayout(kernel, pageNumberTable);
    for (const word of rest) {
      const page = anyNumber(word);
      if (page === undefined) throw new WrongUse(`not a valid number: ${word}`);
      yield layout.row({ page, address: page * BigInt(pageSize(kernel)) });
    }
  },
});

const pageNumberTable: Table<{ readonly page: bigint; readonly address: bigint }> = {
  gap: ": ",
  columns: {
    page: {
      kind: "number",
      title: "",
      unit: "hex",
      value: ({ page }) => Number(page),
      text: (_, { page }) => hex(page),
    },
    address: { kind: "address", title: "", value: ({ address }) => address, text: hex },
  },
};
