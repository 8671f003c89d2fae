/** The `btop` command: converts byte addresses to page numbers. */
import { hex } from "../../../base/hex.ts";
import { pageSize } from "../../../linux/mm/page.ts";
import { command } from "../../language/command.ts";
import { hexNumber } from "../../language/number.ts";
import { TableLayout } from "../../../render/layout.ts";
import type { Table } from "../../../say/table.ts";
import { WrongUse } from "../../language/wrongUse.ts";

export const btop = command({
  name: "btop",
  readsOnly: true,
  summary: "byte address to page number",
  usage: "address ...",
  options: [],
  description: "Shows the number of the page that contains each hexadecimal physical address.",
  examples: [{ line: "btop 1000000", shows: "The page frame number of physical address 16 MiB." }],
  records: () => [{ line: "btop 1000000", fields: byteAddressTable.columns }],
  *run({ kernel }, { rest }) {
    if (rest.length === 0) throw new WrongUse("an address is missing");
    const layout = new TableLayout(kernel, byteAddressTable);
    for (const word of rest) {
      const address = hexNumber(word);
      if (address === undefined) throw new WrongUse(`invalid input: "${word}"; give a physical address in hexadecimal`);
      yield layout.row({ address, page: address / BigInt(pageSize(kernel)) });
    }
  },
});

const byteAddressTable: Table<{ readonly address: bigint; readonly page: bigint }> = {
  gap: ": ",
  columns: {
    address: { kind: "address", title: "", width: 0, value: ({ address }) => address, text: hex },
    page: { kind: "number", title: "", unit: "hex", value: ({ page }) => Number(page), text: hex },
  },
};
