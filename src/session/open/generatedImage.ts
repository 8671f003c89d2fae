import type { Kernel } from "../../model/kernel.ts";
import { generatedSymbols } from "../../unwind/generatedCode.ts";
import type { SymbolImage } from "./symbolIndex.ts";

/**
 * BPF programs and other code that the kernel generated, among its symbols. They are found by symbols in turn, so that
 * while that goes on there are none.
 */
export function generatedImage(kernel: () => Kernel): () => readonly SymbolImage[] {
  let known: readonly SymbolImage[] | undefined;
  return () => {
    if (known) return known;
    known = [];
    const source = generatedSymbols(kernel());
    const symbols = [...source.all()];
    const [first, last] = [symbols.at(0), symbols.at(-1)];
    if (!first || !last) return known;
    // What lies between is told by the source itself.
    const ranges = [{ start: first.address, end: last.address + BigInt(last.size) }];
    return (known = [{ source, bias: 0n, ranges, module: undefined }]);
  };
}
