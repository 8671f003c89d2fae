import { attempt, Fault } from "../../../../base/fault.ts";
import { hex, padHex } from "../../../../base/hex.ts";
import type { Kernel } from "../../../../model/kernel.ts";
import { left } from "../../../../render/pad.ts";
import { faultSpan, type Line, type Span } from "../../../../say/piece.ts";
import { type SlabNames, symbolic } from "../../../say/symbolicWord.ts";

/** How the words of a stack are shown. */
export interface DataStyle {
  /** Words that point into the kernel image by their symbols, into slab objects as this says; undefined: all as numbers. */
  readonly names: SlabNames | undefined;
  /** In front of each line's address. */
  readonly indent: string;
  readonly separator: ": " | ":  ";
}

/** crash pads what stands for a word to its width. */
const wordWidth = (kernel: Kernel): number => kernel.arch.wordSize * 2;

/**
 * Words from `from` to `to`, both included, 16 bytes a line.
 * A page that is not there is a fault in place of the rest of its line.
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
