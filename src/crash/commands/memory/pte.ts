/** The `pte` command: decodes page-table entries. */
import { command } from "../../language/command.ts";
import { hexNumber } from "../../language/number.ts";
import type { Pieces } from "../../../say/piece.ts";
import { entriesTable, ptePiece, swapEntriesTable } from "./pageEntry.ts";
import { WrongUse } from "../../language/wrongUse.ts";

export const pte = command({
  name: "pte",
  readsOnly: true,
  summary: "page table entry",
  usage: "contents ...",
  options: [],
  description:
    "Takes the hexadecimal contents of page table entries apart: the physical address of the page and the bits that are set, or where in swap space the page is.",
  examples: [{ line: "pte 8000000001000063", shows: "An entry of the kernel's own tables." }],
  records: () => [
    { line: "pte 8000000001000063", fields: entriesTable.columns },
    { line: "pte 5890c00", fields: swapEntriesTable.columns },
  ],
  *run({ kernel }, { rest }): Pieces {
    if (rest.length === 0) throw new WrongUse("an entry is missing");
    for (const word of rest) {
      const entry = hexNumber(word);
      if (entry === undefined) throw new WrongUse(`invalid input: "${word}"`);
      yield ptePiece(kernel, entry);
    }
  },
});
