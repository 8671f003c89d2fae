/** The line of a frame: `#4 [ffffa8a7c02e3e10] vfs_write at ffffffff8134e3c5`. */
import { hex, padHex } from "../../../../base/hex.ts";
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

const numberOnly: Table<Pick<FrameRow, "number">>["columns"] = {
  number: {
    kind: "number",
    title: "",
    width: 3,
    value: ({ number }) => number,
    text: (number) => `#${number}`,
  },
};
const numbered: Table<FrameRow> = { columns: { ...numberOnly, ...columns } };
const listed: Table<FrameRow> = { mark: { width: 1, of: () => " " }, columns };

export const frameLine = (kernel: Kernel, row: FrameRow): Line =>
  new TableLayout(kernel, row.number === undefined ? listed : numbered).line(row);

/**
 * Returns the line of a frame as crash prints it for arm: `#1 [<c030da2c>] (die) from [<c0316664>]`.
 * @param name the function and its module @param from where the function returns to; undefined if it is not known
 */
export function returningFrame(
  kernel: Kernel,
  number: number,
  pc: bigint,
  name: readonly Span[],
  from: bigint | undefined,
): Line {
  const padded = (at: bigint): Span => address(padHex(at, kernel.arch.wordSize * 2), at);
  const caller: Span[] = from === undefined ? [] : [" from [<", padded(from), ">]"];
  return [
    ...new TableLayout(kernel, { columns: numberOnly }).line({ number }),
    " [<",
    padded(pc),
    ">] (",
    ...name,
    ")",
    ...caller,
  ];
}
