/** The error for an unknown symbol, with suggestions. */
import { hex } from "../../base/hex.ts";
import { demangled } from "../../base/rust/demangle.ts";
import { UsageError } from "../../base/usageError.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Line, Piece } from "../../say/piece.ts";

/** Thrown when the user names an unknown symbol. */
export class SymbolNotFound extends UsageError {
  readonly symbol: string;

  constructor(symbol: string) {
    super(`symbol not found: ${symbol}`);
    this.name = "SymbolNotFound";
    this.symbol = symbol;
  }
}

/** Maximum number of suggested names. */
const MAX_ALTERNATIVES = 20;

/** Reports the unknown symbol with the known names that contain it, as suggestions. */
export function symbolNotFound(kernel: Kernel, { symbol: name, message }: SymbolNotFound): Piece {
  const lines: Line[] = [];
  let more = 0;
  for (const symbol of kernel.symbols.all()) {
    if (!symbol.name.includes(name) && !demangled(symbol.name).includes(name)) continue;
    if (lines.length < MAX_ALTERNATIVES)
      lines.push([`  ${hex(symbol.address)} (${symbol.type}) ${demangled(symbol.name)}`]);
    else more++;
  }
  if (lines.length === 0) return { kind: "usage", message, lines: [] };
  if (more > 0) lines.push([`  and ${more} more: "sym -q ${name}" lists them`]);
  return { kind: "usage", message, lines: [["possible alternatives:"], ...lines] };
}
