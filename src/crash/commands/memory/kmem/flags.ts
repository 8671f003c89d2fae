/** Implements `kmem -g`: lists page flags. */
import { hex, padHex } from "../../../../base/hex.ts";
import { Fault } from "../../../../base/fault.ts";
import { pageFlags, type PageFlag } from "../../../../linux/mm/pageFlags.ts";
import type { Kernel } from "../../../../model/kernel.ts";
import { TableLayout } from "../../../../render/layout.ts";
import { longestLength } from "../../../../render/pad.ts";
import { text, type Pieces } from "../../../../say/piece.ts";
import type { Table } from "../../../../say/table.ts";

const TITLE = "PAGE-FLAG";

/** The table of page flags. @param width of the names; @param indent text before them */
export const pageFlagsTable = (width = TITLE.length, indent = ""): Table<PageFlag> => ({
  gap: "  ",
  columns: {
    name: { kind: "text", title: TITLE, gap: indent, width, value: ({ name }) => name },
    bit: { kind: "number", title: "BIT", titleGap: " ", width: 2, value: ({ bit }) => bit },
    value: {
      kind: "integer",
      title: "VALUE",
      unit: "hex",
      align: "left",
      value: ({ bit }) => 1n << BigInt(bit),
      text: (value) => padHex(value, 7),
    },
  },
});

/** Lists all page flags, or those set in `value`. @throws Fault when the kernel's flags are not known */
export function* pageFlagTable(kernel: Kernel, value: bigint | undefined): Pieces {
  const all = pageFlags(kernel);
  if (all.length === 0) throw Fault.of("unknown", "the types of this kernel have no enum pageflags");
  const indent = value === undefined ? "" : "  ";
  const width = longestLength([TITLE, ...all.map(({ name }) => name)]);
  const layout = new TableLayout(kernel, pageFlagsTable(width, indent));
  if (value !== undefined) yield text(`FLAGS: ${hex(value)}`);
  yield layout.heading();
  const chosen = value === undefined ? all : all.filter(({ bit }) => (value >> BigInt(bit)) & 1n);
  for (const flag of chosen) yield layout.row(flag);
  if (chosen.length === 0) yield text(`${indent}(none found)`);
}
