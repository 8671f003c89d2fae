import { hex } from "../base/hex.ts";
import type { Kernel } from "../model/kernel.ts";
import type { Piece } from "./piece.ts";

/** More alternatives than this help nobody. */
const MAX_ALTERNATIVES = 20;

/** The user's name is no symbol; names that contain it may be what was meant. */
export function symbolNotFound(kernel: Kernel, name: string): Piece {
  const lines = [];
  let more = 0;
  for (const symbol of kernel.symbols.all()) {
    if (!symbol.name.includes(name)) continue;
    if (lines.length < MAX_ALTERNATIVES) lines.push([`  ${hex(symbol.address)} (${symbol.type}) ${symbol.name}`]);
    else more++;
  }
  if (lines.length === 0) lines.push(["  (none found)"]);
  if (more > 0) lines.push([`  and ${more} more: "sym -q ${name}" lists them`]);
  return { kind: "usage", message: `symbol not found: ${name}`, lines: [["possible alternatives:"], ...lines] };
}
