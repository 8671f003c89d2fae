/** Says what the values of registers point at. */
import { symbolPlace } from "../debuginfo/symbols/symbolText.ts";
import { objectState } from "../insight/objectState.ts";
import type { Kernel } from "../model/kernel.ts";
import { addressJson, type Json } from "../say/piece.ts";

/** What a value points at, as JSON and in words. */
export interface Pointed {
  readonly data: Json;
  readonly text: string;
}

/** Returns the symbol or the slab object that an address belongs to; undefined if it belongs to neither. */
export function pointedAt(kernel: Kernel, address: bigint): Pointed | undefined {
  if (!kernel.memory.isKernelAddress(address)) return undefined;
  const symbol = kernel.symbols.at(address);
  if (symbol) {
    const place = symbolPlace(symbol, address, 16);
    return { data: { symbol: place, module: symbol.module ?? null }, text: place };
  }
  const object = objectState(kernel, address);
  if (!object) return undefined;
  const { cache, state, size } = object;
  return {
    data: { object: addressJson(object.address), cache, state, size, offset: Number(address - object.address) },
    text: `${state === "unknown" ? "object" : `${state} object`} of ${cache}`,
  };
}
