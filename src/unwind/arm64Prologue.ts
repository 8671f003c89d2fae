import { viewOf } from "../base/bytes.ts";
import { attempt, Fault } from "../base/fault.ts";
import type { Kernel } from "../model/kernel.ts";

/** What the instructions of a function up to some point did to its frame record. */
export interface Prologue {
  /** x29 points at the function's own record: made, and not given back on the way out. */
  readonly hasRecord: boolean;
  /** Bytes from the record up to the canonical frame address, once it is made. */
  readonly cfaOffset: number | undefined;
  /** Bytes from the stack pointer of the function's body up to the record, once it is made. */
  readonly recordOffset: number | undefined;
  /** Bytes of stack taken before a record was made. */
  readonly taken: number;
}

/** Bytes of one function that are looked through; a prologue is over long before the first of them. */
const PROLOGUE_BYTES = 256;
const FUNCTION_BYTES = 4096;

/**
 * Follows the instructions of the function around `pc`, up to it.
 * @param exact execution stood at pc: the function may be on its way in or out, so that all of it counts
 * @returns undefined when the instructions are not there to be read
 */
export function prologueOf(kernel: Kernel, pc: bigint, exact: boolean): Prologue | undefined {
  const entry = kernel.symbols.at(exact ? pc : pc - 1n)?.address;
  if (entry === undefined) return undefined;
  const bytes = Math.min(Number(pc - entry), exact ? FUNCTION_BYTES : PROLOGUE_BYTES);
  const code = bytes > 0 ? attempt(() => kernel.memory.read(entry, bytes)) : new Uint8Array(0);
  if (code instanceof Fault) return undefined;
  const view = viewOf(code);
  let taken = 0;
  let cfaOffset: number | undefined;
  let recordOffset: number | undefined;
  let hasRecord = false;
  for (let at = 0; at + 4 <= code.length; at += 4) {
    // Instructions are little-endian whatever the data's order.
    const word = view.getUint32(at, true);
    if (cfaOffset === undefined) taken += takesStack(word);
    // A large frame is taken in two steps, of which the second comes after the record.
    else if (recordOffset === 0 && isSubSp(word)) recordOffset = immediate12(word);
    if (setsFramePointer(word)) {
      cfaOffset ??= taken - immediate12(word);
      recordOffset ??= immediate12(word);
      hasRecord = true;
    } else if (restoresFramePointer(word)) hasRecord = false;
    // What follows a return is another way through the function.
    else if (isReturn(word)) hasRecord = cfaOffset !== undefined;
  }
  return { hasRecord, cfaOffset, recordOffset, taken };
}

const masked = (word: number, mask: number): number => (word & mask) >>> 0;

/** Bytes that `sub sp, sp, #imm` or `stp x29, x30, [sp, #-imm]!` take; Arm Architecture Reference Manual, C6.2. */
function takesStack(word: number): number {
  if (isSubSp(word)) return immediate12(word);
  if (masked(word, 0xffc07fff) === 0xa9807bfd) return -immediate7(word);
  return 0;
}

const isSubSp = (word: number): boolean => masked(word, 0xff8003ff) === 0xd10003ff;

/** Bits 10-21, shifted by 12 when bit 22 is set. */
const immediate12 = (word: number): number => ((word >>> 10) & 0xfff) << ((word >>> 22) & 1 ? 12 : 0);
/** Bits 15-21, signed, in units of 8. */
const immediate7 = (word: number): number => ((word << 10) >> 25) * 8;

/** `mov x29, sp` and `add x29, sp, #imm`. */
const setsFramePointer = (word: number): boolean => masked(word, 0xff8003ff) === 0x910003fd;
/** `ldp x29, x30, [sp], #imm` and `ldp x29, x30, [sp, #imm]`. */
const restoresFramePointer = (word: number): boolean =>
  masked(word, 0xffc07fff) === 0xa8c07bfd || masked(word, 0xffc07fff) === 0xa9407bfd;
const isReturn = (word: number): boolean => masked(word, 0xfffffc1f) === 0xd65f0000;
