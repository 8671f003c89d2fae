import { hex } from "../../../../base/hex.ts";
import { hstates, hugePageBytes } from "../../../../linux/mm/hugetlb.ts";
import type { Kernel } from "../../../../model/kernel.ts";
import { cell } from "../../../../say/cell.ts";
import { right } from "../../../../render/pad.ts";
import { record, text, type Pieces, addressJson } from "../../../../say/piece.ts";
import { sizeText } from "../../../../render/quantity.ts";

/** `kmem -h`: sizes of huge pages, and how many there are. */
export function* hugePageTable(kernel: Kernel): Pieces {
  const width = kernel.arch.wordSize * 2;
  yield text([
    { as: "title", text: `${"HSTATE".padStart((width + 6) / 2).padEnd(width)}   SIZE    FREE   TOTAL  NAME` },
  ]);
  for (const state of hstates(kernel)) {
    const bytes = cell(
      () => hugePageBytes(state),
      (size) => sizeText(size).replace(" ", ""),
    );
    const free = cell(() => state.at("free_huge_pages").number());
    const total = cell(() => state.at("nr_huge_pages").number());
    const name = cell(() => state.at("name").text());
    yield record(
      { hstate: addressJson(state.address), bytes: bytes.json, free: free.json, total: total.json, name: name.json },
      [
        { as: "address", text: hex(state.address), address: state.address },
        ...right(bytes.span, 7),
        ...right(free.span, 8),
        ...right(total.span, 8),
        "  ",
        name.span,
      ],
    );
  }
}
