import { Fault } from "../../base/fault.ts";
import { symbolSpan } from "./symbolSpan.ts";
import type { Kernel } from "../../model/kernel.ts";
import { addressSpan } from "./addressCell.ts";
import { addressJson, faultJson, faultSpan, type Json, type Line } from "../../say/piece.ts";

/** `ffffffff814b79d0  <delayed_work_timer_fn>`: a function's address and its name. */
export function functionSpans(kernel: Kernel, address: bigint | Fault): Line {
  if (address instanceof Fault) return [faultSpan(address)];
  const symbol = kernel.symbols.at(address);
  if (!symbol) return [addressSpan(kernel, address)];
  return [addressSpan(kernel, address), "  <", symbolSpan(symbol, address), ">"];
}

/** The same to programs: the name, or the address of what has none. */
export function symbolName(kernel: Kernel, address: bigint | Fault): Json {
  if (address instanceof Fault) return faultJson(address);
  const symbol = kernel.symbols.at(address);
  return symbol?.address === address ? symbol.name : addressJson(address);
}
