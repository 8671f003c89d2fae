/** Spans and cells that show addresses as links. */
import { attempt, Fault } from "../../base/fault.ts";
import { hex, padHex } from "../../base/hex.ts";
import type { Kernel } from "../../model/kernel.ts";
import { type Cell, faultCell } from "../../say/cell.ts";
import { type Span, addressJson } from "../../say/piece.ts";

/** Formats an address with all its digits, as a link. */
export const addressSpan = (kernel: Kernel, address: bigint): Span => ({
  as: "address",
  text: padHex(address, kernel.arch.wordSize * 2),
  address,
});

/** Formats an address without leading zeros, as a link. */
export const shortAddressSpan = (address: bigint): Span => ({ as: "address", text: hex(address), address });

/** Reads an address and formats it as a table cell; a Fault becomes a fault cell. */
export function addressCell(kernel: Kernel, read: () => bigint): Cell {
  const address = attempt(read);
  if (address instanceof Fault) return faultCell(address);
  return { span: addressSpan(kernel, address), json: addressJson(address) };
}
