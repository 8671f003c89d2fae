/** Prologues of arm64 functions, and their calls. */
import { viewOf } from "../../base/bytes.ts";
import type { FramePrologue } from "../arch.ts";

/**
 * Follows the instructions of a function. @param code from the function's entry to the current instruction, or at least
 * its prologue
 */
export function framePrologue(code: Uint8Array): FramePrologue {
  const view = viewOf(code);
  let taken = 0;
  let cfaOffset: number | undefined;
  let recordOffset: number | undefined;
  let hasRecord = false;
  for (let at = 0; at + 4 <= code.length; at += 4) {
    // Instructions are little-endian whatever the byte order of data.
    const word = view.getUint32(at, true);
    if (cfaOffset === undefined) taken += takesStack(word);
    // A large frame is allocated in two steps; the second follows the record.
    else if (recordOffset === 0 && isSubSp(word)) recordOffset = immediate12(word);
    if (setsFramePointer(word)) {
      cfaOffset ??= taken - immediate12(word);
      recordOffset ??= immediate12(word);
      hasRecord = true;
    } else if (restoresFramePointer(word)) hasRecord = false;
    // Code after a return belongs to another path through the function.
    else if (isReturn(word)) hasRecord = cfaOffset !== undefined;
  }
  return { hasRecord, cfaOffset, recordOffset, taken };
}

const masked = (word: number, mask: number): number => (word & mask) >>> 0;

/** Bytes allocated by `sub sp, sp, #imm` or `stp x29, x30, [sp, #-imm]!` (Arm Architecture Reference Manual, C6.2). */
function takesStack(word: number): number {
  if (isSubSp(word)) return immediate12(word);
  if (masked(word, 0xffc07fff) === 0xa9807bfd) return -immediate7(word);
  return 0;
}

const isSubSp = (word: number): boolean => masked(word, 0xff8003ff) === 0xd10003ff;

/** Bits 10-21, shifted by 12 if bit 22 is set. */
const immediate12 = (word: number): number => ((word >>> 10) & 0xfff) << ((word >>> 22) & 1 ? 12 : 0);
/** Bits 15-21, signed, in units of 8. */
const immediate7 = (word: number): number => ((word << 10) >> 25) * 8;

/** `mov x29, sp` and `add x29, sp, #imm`. */
const setsFramePointer = (word: number): boolean => masked(word, 0xff8003ff) === 0x910003fd;
/** `ldp x29, x30, [sp], #imm` and `ldp x29, x30, [sp, #imm]`. */
const restoresFramePointer = (word: number): boolean =>
  masked(word, 0xffc07fff) === 0xa8c07bfd || masked(word, 0xffc07fff) === 0xa9407bfd;
const isReturn = (word: number): boolean => masked(word, 0xfffffc1f) === 0xd65f0000;

/**
 * Returns the call before a return address. `bl` contains its target; `blr` and its authenticating variants do not.
 * @param code the four bytes before `returnAddress`
 */
export function callBefore(
  code: Uint8Array,
  returnAddress: bigint,
): { readonly target: bigint | undefined } | undefined {
  const word = viewOf(code).getUint32(0, true);
  if (masked(word, 0xfc000000) === 0x94000000)
    return { target: BigInt.asUintN(64, returnAddress - 4n + BigInt((word << 6) >> 4)) };
  return masked(word, 0xfefff000) === 0xd63f0000 ? { target: undefined } : undefined;
}
