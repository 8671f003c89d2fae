/** Registers that arm code changes without saving them. Source: Arm Architecture Reference Manual, chapter A5. */
import { viewOf } from "../../base/bytes.ts";

const NAMES = ["r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "fp", "ip", "sp", "lr", "pc"];

/**
 * Returns the registers that a function writes and does not push. Of callee-saved registers these are lost for the
 * caller. GCC saves none in a function that does not return (gcc/config/arm/arm.cc: arm_compute_save_core_reg_mask), and
 * its call frame information says that they have the same value. @param code the whole function
 */
export function unsavedChanges(code: Uint8Array): ReadonlySet<string> {
  let [written, pushed] = [0, 0];
  const view = viewOf(code);
  for (let at = 0; at + 4 <= code.length; at += 4) {
    const word = view.getUint32(at, true);
    pushed |= pushedBy(word);
    written |= writtenBy(word);
  }
  return new Set(NAMES.filter((_, number) => ((written & ~pushed) >>> number) & 1));
}

/** Returns the mask of registers that `push` stores: `stmdb sp!, {…}` or `str Rt, [sp, #-4]!`. */
function pushedBy(word: number): number {
  if ((word & 0x0fff0000) === 0x092d0000) return word & 0xffff;
  return (word & 0x0fff0fff) === 0x052d0004 ? 1 << ((word >>> 12) & 15) : 0;
}

/** Returns the mask of core registers that an instruction writes; 0 for classes that write none, or only others. */
function writtenBy(word: number): number {
  // The unconditional space: barriers, NEON and hints.
  if (word >>> 28 === 15) return 0;
  const [high, low] = [1 << ((word >>> 16) & 15), 1 << ((word >>> 12) & 15)];
  const isLoad = (word & 0x00100000) !== 0;
  switch ((word >>> 25) & 7) {
    case 0:
      return (word & 0x90) === 0x90 ? multiplyOrExtraLoad(word, high, low) : dataProcessing(word, low);
    case 1:
      return dataProcessing(word, low);
    case 2:
      return (isLoad ? low : 0) | writeBack(word, high);
    case 3:
      if ((word & 0x10) === 0) return (isLoad ? low : 0) | writeBack(word, high);
      // Media instructions; signed multiplies and divisions have their result in the upper field.
      return (word & 0x01800000) === 0x01000000 && (word & 0x00400000) === 0 ? high : low;
    case 4:
      return (isLoad ? word & 0xffff : 0) | (word & 0x00200000 ? high : 0);
    case 7:
      // MRC; pc means the flags.
      return (word & 0x01100010) === 0x00100010 && low !== 0x8000 ? low : 0;
    default:
      return 0;
  }
}

/** Returns the mask of the base that a load or store writes back: when it is post-indexed or has "!". */
const writeBack = (word: number, base: number): number =>
  (word & 0x01000000) === 0 || (word & 0x00200000) !== 0 ? base : 0;

function dataProcessing(word: number, target: number): number {
  const opcode = (word >>> 21) & 15;
  if (opcode < 8 || opcode > 11) return target;
  // With flags: TST, TEQ, CMP, CMN. Without: MOVW and MOVT, else MRS, CLZ and others.
  if (word & 0x00100000) return 0;
  if (word & 0x02000000) return opcode === 8 || opcode === 10 ? target : 0;
  const kind = (word >>> 4) & 15;
  return (kind === 0 && (opcode & 1) === 0) || (kind === 1 && opcode === 11) ? target : 0;
}

function multiplyOrExtraLoad(word: number, high: number, low: number): number {
  const kind = (word >>> 5) & 3;
  const isLoad = (word & 0x00100000) !== 0;
  if (kind === 0) {
    // Multiplies; the long ones have a second result. Above them SWP and the exclusive loads and stores.
    if (word & 0x01000000) return low;
    return word & 0x00800000 ? high | low : high;
  }
  // LDRD loads two registers.
  const loaded = isLoad ? low : kind === 2 ? low | (low << 1) : 0;
  return loaded | writeBack(word, high);
}
