/** The line of a frame: `#4 [ffffa8a7c02e3e10] vfs_write at ffffffff8134e3c5`. */
import { hex } from "../../../../base/hex.ts";
import type { Kernel } from "../../../../model/kernel.ts";
import { TableLayout } from "../../../../render/layout.ts";
import type { Line, Span } from "../../../../say/piece.ts";
import type { Table } from "../../../../say/table.ts";

interface FrameRow {
  /** Undefined in lists of addresses that are not frames. */
  readonly number: number | undefined;
  /** The address of the stack slot that holds the return address. */
  readonly slot: bigint;
  readonly pc: bigint;
  readonly name: Span;
}

const address = (text: string, at: bigint): Span => ({ as: "address", text, address: at });

const columns: Table<FrameRow>["columns"] = {
  slot: {
    kind: "address",
    title: "",
    width: 0,
    gap: " [",
    value: ({ slot }) => slot,
    text: (slot) => address(hex(slot), slot),
  },
  function: { kind: "text", title: "", gap: "] ", value: () => "", text: (_, { name }) => name },
  pc: { kind: "address", title: "", width: 0, gap: " at ", value: ({ pc }) => pc, text: (pc) => address(hex(pc), pc) },
};

const numbered: Table<FrameRow> = {
  columns: {
    number: {
      kind: "number",
      title: "",
      width: 3,
      value: ({ number }) => number,
      text: (number) => `#${number}`,
    },
    ...columns,
  },
};
const listed: Table<FrameRow> = { mark: { width: 1, of: () => " " }, columns };

export const frameLine = (kernel: Kernel, row: FrameRow): Line =>
  new TableLayout(kernel, row.number === undefined ? listed : numbered).line(row);
