import { UsageError } from "../../base/usageError.ts";
import type { Instruction } from "./disassembler.ts";

/** The kernel prints 64 bytes (OPCODE_BUFSIZE in arch/x86/include/asm/processor.h); user code of 32-bit words fewer. */
const MAX_BYTES = 256;

/** The longest instruction of x86 less one: where decoding may have to begin behind the first byte printed. */
export const MAX_SKIPPED = 14;

/**
 * The bytes behind `Code:` of an oops, and with which of them the faulting instruction begins. Those of `8b 43 <89> 28`
 * are taken as they stand; those of words of four digits or more, which are numbers, by the byte order.
 * @throws UsageError for what marks no instruction
 */
export function codeBytes(text: string, isBigEndian: boolean): { bytes: Uint8Array; mark: number } {
  const bytes: number[] = [];
  let mark = -1;
  for (const [, open, digits = ""] of text.matchAll(/([<(]?)\b((?:[0-9a-f]{2}){1,4})\b/g)) {
    if (open) mark = bytes.length;
    const word = (digits.match(/../g) ?? []).map((byte) => Number.parseInt(byte, 16));
    bytes.push(...(isBigEndian ? word : word.reverse()));
    if (bytes.length > MAX_BYTES) break;
  }
  if (mark < 0) throw new UsageError("this line of code marks no instruction");
  return { bytes: Uint8Array.from(bytes), mark };
}

/** Decoded from the first byte from which it comes out at the mark: what is before an instruction may be any bytes. */
export function synchronised(decode: (skipped: number) => Instruction[], start: bigint, mark: number): Instruction[] {
  for (let skipped = 0; skipped <= Math.min(mark, MAX_SKIPPED); skipped++) {
    const found = decode(skipped);
    const at = found.findIndex(({ address }) => address === start + BigInt(mark));
    if (at >= 0 && found.slice(0, at).every(({ mnemonic }) => mnemonic !== "(bad)")) return found;
  }
  return decode(mark);
}
