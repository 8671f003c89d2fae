/** Prints a symbol as `sym` shows it. */
import { attempt, Fault } from "../../base/fault.ts";
import { demangled } from "../../base/rust/demangle.ts";
import { hex } from "../../base/hex.ts";
import type { KSymbol } from "../../debuginfo/source.ts";
import { livePatchText } from "../../linux/module/livepatch.ts";
import type { Kernel } from "../../model/kernel.ts";
import { symbolSpan } from "./symbolSpan.ts";
import { record, type Piece, type Span, addressJson } from "../../say/piece.ts";
import type { Fields } from "../../say/table.ts";

/** The fields of a symbol. */
export const symbolFields: Fields = {
  address: { kind: "address" },
  type: { kind: "text", about: "as nm(1) writes it" },
  name: { kind: "text" },
  demangled: { kind: "text", about: "of a Rust symbol" },
  offset: { kind: "number", unit: "bytes", about: "from the symbol to the address, if not 0" },
  module: { kind: "text", about: "if it is a module's" },
  file: { kind: "text", about: "of the source, if debuginfo has it" },
  line: { kind: "number" },
  livePatch: { kind: "text", about: "what a live patch does to the function" },
};

interface Shown {
  /** An address within the symbol, shown with its offset. Default: the symbol's address. */
  readonly address?: bigint | undefined;
  /** Whether to omit the source line and the module, for lists. */
  readonly plain?: boolean;
}

/** Prints a symbol as `sym` shows it: `ffffffff81436da0 (T) schedule+16 kernel/sched/core.c: 6700`. */
export function symbolPiece(
  kernel: Kernel,
  symbol: KSymbol,
  { address = symbol.address, plain = false }: Shown = {},
): Piece {
  const { name, type, module } = symbol;
  const offset = address - symbol.address;
  const isText = "tTwW".includes(type);
  const scopes = isText && !plain ? attempt(() => kernel.code.scopes(address)) : [];
  const source = scopes instanceof Fault ? undefined : scopes[0]?.source;
  const line: Span[] = [{ as: "address", text: hex(address), address }, ` (${type}) `, symbolSpan(symbol, address)];
  if (module !== undefined && !plain) line.push(` [${module}] `);
  const patch = isText && !plain ? livePatchText(kernel, symbol.address) : undefined;
  if (patch !== undefined) line.push({ as: "dim", text: ` (${patch})` });
  if (source) {
    const place = `${source.file}: ${source.line}`;
    line.push(" ", { as: "source", text: place, file: source.file, line: source.line });
  }
  const data = {
    address: addressJson(address),
    type,
    name,
    ...(demangled(name) !== name && { demangled: demangled(name) }),
    offset: offset > 0n ? Number(offset) : undefined,
    module,
    file: source?.file,
    line: source?.line,
    ...(patch !== undefined && { livePatch: patch }),
  };
  return record(data, line);
}
