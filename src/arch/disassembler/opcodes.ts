/** Decodes the `Code:` line of an oops. */
import { UsageError } from "../../base/usageError.ts";
import type { Instruction } from "./disassembler.ts";

/**
 * Maximum number of bytes that are parsed. x86 prints 64 (OPCODE_BUFSIZE in arch/x86/kernel/dumpstack.c); machines that
 * print 32-bit words print fewer.
 */
const MAX_BYTES = 256;

/**
 * Maximum number of first bytes that can be the rest of an instruction that began before the line: one less than the
 * length of the longest x86 instruction.
 */
export const MAX_SKIPPED = 14;

/**
 * Parses the bytes of a `Code:` line and the position of the faulting instruction. Bytes such as `8b 43 <89> 28` are in
 * memory order; groups of four or more digits are numbers in the given byte order. @throws UsageError if no instruction
 * is marked
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
  if (mark < 0)
    throw new UsageError('the line does not mark the faulting instruction: enter the whole "Code:" line, with its <>');
  return { bytes: Uint8Array.from(bytes), mark };
}

/**
 * Returns the instructions from the first byte from which all instructions before the mark are valid and one begins at
 * the mark; from the mark if there is no such byte. The line can begin in the middle of an instruction.
 * @param decode decodes the line without its first `skipped` bytes
 * @param start address of the first byte of the line
 * @param mark index of the first byte of the marked instruction
 */
export function synchronised(decode: (skipped: number) => Instruction[], start: bigint, mark: number): Instruction[] {
  for (let skipped = 0; skipped <= Math.min(mark, MAX_SKIPPED); skipped++) {
    const found = decode(skipped);
    const at = found.findIndex(({ address }) => address === start + BigInt(mark));
    if (at >= 0 && found.slice(0, at).every(({ mnemonic }) => mnemonic !== "(bad)")) return found;
  }
  return decode(mark);
}
