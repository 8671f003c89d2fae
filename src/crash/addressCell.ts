import { attempt, Fault } from "../base/fault.ts";
import { hex0x, padHex } from "../base/hex.ts";
import type { Kernel } from "../model/kernel.ts";
import type { Cell } from "./cell.ts";
import { faultSpan, faultText, type Span } from "./piece.ts";

/** An address with all its digits, for faces to link. */
export const addressSpan = (kernel: Kernel, address: bigint): Span => ({
  as: "address",
  text: padHex(address, kernel.arch.wordSize * 2),
  address,
});

/** Reads one cell that holds an address. */
export function addressCell(kernel: Kernel, read: () => bigint): Cell {
  const address = attempt(read);
  if (address instanceof Fault) return { span: faultSpan(address), json: { fault: faultText(address) } };
  return { span: addressSpan(kernel, address), json: hex0x(address) };
}

/** A title in the middle of a column of addresses. */
export function addressTitle({ arch }: Kernel, title: string): string {
  const width = arch.wordSize * 2;
  return title.padStart(Math.floor((width + title.length) / 2)).padEnd(width);
}
