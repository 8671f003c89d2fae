import { hex0x } from "../../base/hex.ts";
import type { Kernel } from "../../model/kernel.ts";

/** `schedule+90`, or `schedule` at its start; undefined outside of all symbols. */
export function symbolOffset(kernel: Kernel, address: bigint, radix: 10 | 16): string | undefined {
  const symbol = kernel.symbols.at(address);
  return symbol && withOffset(symbol.name, address - symbol.address, radix);
}

export const withOffset = (name: string, offset: bigint, radix: 10 | 16): string =>
  offset === 0n ? name : `${name}+${radix === 16 ? hex0x(offset) : offset}`;
