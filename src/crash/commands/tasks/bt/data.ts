/** The words of a stack as lines: `bt -f`, `-F` and `-r`. */
import { attempt, Fault } from "../../../../base/fault.ts";
import { hex, padHex } from "../../../../base/hex.ts";
import type { Kernel } from "../../../../model/kernel.ts";
import { left } from "../../../../render/pad.ts";
import { faultSpan, type Line, type Span } from "../../../../say/piece.ts";
import { type SlabNames, symbolic } from "../../../say/symbolicWord.ts";

/** The format of the words of a stack. */
export interface DataStyle {
  /**
   * How to print a word that points into a slab object; words that point into the kernel image are printed as symbols.
   * Undefined: all words are printed as numbers.
   */
  readonly names: SlabNames | undefined;
  /** The text before each line's address. */
  readonly indent: string;
  readonly separator: ": " | ":  ";
}

/** The width of a word in characters. crash pads the symbol that replaces a word to this width. */
const wordWidth = (kernel: Kernel): number => kernel.arch.wordSize * 2;

/**
 * Returns the words from `from` to `to`, both included, 16 bytes per line. A page that is not in the dump ends its line
 * with a fault.
 */
export function dataLines(kernel: Kernel, from: bigint, to: bigint, style: DataStyle): Line[] {
  const { wordSize } = kernel.arch;
  const lines: Line[] = [];
  for (let at = from; at <= to; at += 16n) {
    const line: Span[] = [style.indent, { as: "address", text: hex(at), address: at }, style.separator];
    for (let word = at; word < at + 16n && word <= to; word += BigInt(wordSize)) {
      const spans = wordSpans(kernel, word, style);
      line.push(...spans, " ");
      if (spans.some((span) => typeof span !== "string" && span.as === "fault")) break;
    }
    lines.push(line);
  }
  return lines;
}

function wordSpans(kernel: Kernel, at: bigint, { names }: DataStyle): Line {
  const value = attempt(() => kernel.memory.word(at));
  if (value instanceof Fault) return [faultSpan(value)];
  const named = names && symbolic({ kernel }, value, names);
  return named ? left(named, wordWidth(kernel)) : [padHex(value, wordWidth(kernel))];
}
