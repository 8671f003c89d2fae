/** Frames that functions of i386 make: `push %ebp; mov %esp,%ebp`. */

const PUSH_EBP = 0x55;
const POP_EBP = 0x5d;
const RET = 0xc3;
/** `mov %esp,%ebp` in its two encodings. */
const MOVES = [
  [0x89, 0xe5],
  [0x8b, 0xec],
] as const;

/** Implements `Arch.returnAddressAt`. */
export function returnAddressAt(code: Uint8Array, next: Uint8Array): number | "frame" | undefined {
  // After `pop %ebp`, which ends a function, only the return address is left.
  if (next[0] === RET) return 0;
  const pushed = code.indexOf(PUSH_EBP);
  const isMove = (bytes: Uint8Array, at: number): boolean =>
    MOVES.some(([first, second]) => bytes[at] === first && bytes[at + 1] === second);
  if (pushed < 0) return next[0] === PUSH_EBP ? 0 : undefined;
  if (pushed + 1 === code.length) return isMove(next, 0) ? 4 : undefined;
  if (!isMove(code, pushed + 1)) return undefined;
  return next[0] === POP_EBP && next[1] === RET ? 4 : "frame";
}
