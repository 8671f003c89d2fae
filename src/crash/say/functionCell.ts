import { Fault } from "../../base/fault.ts";
import { hex0x } from "../../base/hex.ts";
import type { Kernel } from "../../model/kernel.ts";
import { addressSpan } from "./addressCell.ts";
import { faultSpan, faultText, type Json, type Line } from "./piece.ts";
import { symbolSpan } from "./symbolSpan.ts";

/** `ffffffff814b79d0  <delayed_work_timer_fn>`: a function's address and its name. */
export function functionSpans(kernel: Kernel, address: bigint | Fault): Line {
  if (address instanceof Fault) return [faultSpan(address)];
  const symbol = kernel.symbols.at(address);
  if (!symbol) return [addressSpan(kernel, address)];
  return [addressSpan(kernel, address), "  <", symbolSpan(symbol, address), ">"];
}

/** The same to programs: the name, or the address of what has none. */
export function symbolName(kernel: Kernel, address: bigint | Fault): Json {
  if (address instanceof Fault) return { fault: faultText(address) };
  const symbol = kernel.symbols.at(address);
  return symbol?.address === address ? symbol.name : hex0x(address);
}
