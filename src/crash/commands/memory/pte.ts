/** The `pte` command: decodes page-table entries. */
import { command } from "../../language/command.ts";
import { hexNumber } from "../../language/number.ts";
import type { Pieces } from "../../../say/piece.ts";
import { entriesTable, ptePiece, swapEntriesTable } from "./pageEntry.ts";
import { WrongUse } from "../../language/wrongUse.ts";

export const pte = command({
  name: "pte",
  readsOnly: true,
  summary: "decode page table entries",
  usage: "contents ...",
  options: [],
  description:
    "Decodes the hexadecimal contents of page table entries: the physical address of the page and the bits that are set, or the location of the page in swap space.",
  examples: [{ line: "pte 8000000001000063", shows: "An entry of the kernel's own tables." }],
  records: () => [
    { line: "pte 8000000001000063", fields: entriesTable.columns },
    { line: "pte 5890c00", fields: swapEntriesTable.columns },
  ],
  *run({ kernel }, { rest }): Pieces {
    if (rest.length === 0) throw new WrongUse("an entry is missing");
    for (const word of rest) {
      const entry = hexNumber(word);
      if (entry === undefined)
        throw new WrongUse(`invalid input: "${word}"; give the contents of a page table entry in hexadecimal`);
      yield ptePiece(kernel, entry);
    }
  },
});
