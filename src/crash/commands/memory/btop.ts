import { hex } from "../../../base/hex.ts";
import { pageSize } from "../../../linux/mm/page.ts";
import { command } from "../../language/command.ts";
import { hexNumber } from "../../language/number.ts";
import { record, addressJson } from "../../../say/piece.ts";
import { WrongUse } from "../../language/wrongUse.ts";

export const btop = command({
  name: "btop",
  readsOnly: true,
  summary: "byte address to page number",
  usage: "address ...",
  options: [],
  description: "Gives the number of the page that holds each hexadecimal physical address.",
  examples: [{ line: "btop 1000000", shows: "The page frame number of physical address 16 MiB." }],
  *run({ kernel }, { rest }) {
    if (rest.length === 0) throw new WrongUse("an address is missing");
    for (const word of rest) {
      const address = hexNumber(word);
      if (address === undefined) throw new WrongUse(`invalid input: "${word}"`);
      const page = address / BigInt(pageSize(kernel));
      yield record({ address: addressJson(address), page: addressJson(page) }, `${hex(address)}: ${hex(page)}`);
    }
  },
});
