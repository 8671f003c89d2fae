/** The x86 filter of xz, which makes code smaller: it stores the targets of calls and jumps as absolute addresses. */
import { viewOf } from "../base/bytes.ts";

/** Filter ID. Source: "The .xz File Format", 1.2.1, section 5.3.2. */
export const FILTER_X86 = 0x04;

/** Opcodes of `call rel32` and `jmp rel32`, without the bit in which they differ. */
const BRANCH = 0xe8;
const BRANCH_BYTES = 5;
/**
 * The state is a mask: bit n is set if the byte n + 1 before the opcode looked like an opcode too and was not changed.
 * With these masks a branch may still be changed.
 */
const ALLOWED: readonly boolean[] = [true, true, true, false, true, false, false, false];
/** Number of the highest byte of a target that an earlier opcode covers, by mask. */
const COVERED: readonly number[] = [0, 1, 2, 2, 3, 3, 3, 3];

/** Maximum number of conversions of one target. */
const MAX_STEPS = 8;

/** Whether a byte can be the highest of a target within 16 MiB. */
const isHighByte = (byte: number): boolean => byte === 0 || byte === 0xff;

/** Reverses the filter in place: targets become relative to the end of their instruction. @param code a whole block */
export function unfilterX86(code: Uint8Array): void {
  const view = viewOf(code);
  let [last, mask] = [-1, 0];
  for (let at = 0; at + BRANCH_BYTES <= code.length; at++) {
    if (((code[at] ?? 0) & 0xfe) !== BRANCH) continue;
    const distance = at - last;
    mask = distance > 3 ? 0 : (mask << (distance - 1)) & 7;
    last = at;
    const covered = code[at + 4 - (COVERED[mask] ?? 0)] ?? 0;
    if (mask !== 0 && (!ALLOWED[mask] || isHighByte(covered))) {
      mask = (mask << 1) | 1;
      continue;
    }
    if (!isHighByte(code[at + 4] ?? 0)) {
      mask = (mask << 1) | 1;
      continue;
    }
    const target = relativeTarget(view.getUint32(at + 1, true), at + BRANCH_BYTES, mask);
    // A displacement of 25 bits with its sign.
    view.setInt32(at + 1, (target << 7) >> 7, true);
    at += BRANCH_BYTES - 1;
  }
}

/** @param end offset of the end of the instruction in bytes */
function relativeTarget(stored: number, end: number, mask: number): number {
  let target = (stored - end) | 0;
  const bits = (COVERED[mask] ?? 0) * 8;
  // Each step changes the bits below the covered byte. The number of steps is limited, because the input may be damaged.
  for (let step = 0; mask !== 0 && step < MAX_STEPS && isHighByte((target >>> (24 - bits)) & 0xff); step++)
    target = ((target ^ (2 ** (32 - bits) - 1)) - end) | 0;
  return target;
}
