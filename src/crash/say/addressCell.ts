import { attempt, Fault } from "../../base/fault.ts";
import { hex, padHex } from "../../base/hex.ts";
import type { Kernel } from "../../model/kernel.ts";
import { type Cell, faultCell } from "../../say/cell.ts";
import { type Span, addressJson } from "../../say/piece.ts";

/** An address with all its digits, for faces to link. */
export const addressSpan = (kernel: Kernel, address: bigint): Span => ({
  as: "address",
  text: padHex(address, kernel.arch.wordSize * 2),
  address,
});

/** An address with the digits that it needs, for faces to link. */
export const shortAddressSpan = (address: bigint): Span => ({ as: "address", text: hex(address), address });

/** Reads one cell that holds an address. */
export function addressCell(kernel: Kernel, read: () => bigint): Cell {
  const address = attempt(read);
  if (address instanceof Fault) return faultCell(address);
  return { span: addressSpan(kernel, address), json: addressJson(address) };
}
