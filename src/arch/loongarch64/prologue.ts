/** What a loongarch64 function does with its stack. */
import type { StoringPrologue } from "../functionFrame.ts";

/** Numbers of registers. */
const RA = 1;
const SP = 3;
const FP = 22;

/** Registers that functions save: ra, fp and s0 to s8. */
const saveable = new Map([[RA, "ra"], [FP, "fp"], ...Array.from({ length: 9 }, (_, i) => [FP + 1 + i, `s${i}`] as const)]); // prettier-ignore

/** The fields of an instruction with a constant (LoongArch Reference Manual, volume 1, section 1.2). */
interface Fields {
  /** Bits 22 to 31 for a constant of 12 bits, 24 to 31 for one of 14. */
  readonly op12: number;
  readonly op14: number;
  readonly rd: number;
  readonly rj: number;
  readonly si12: number;
  readonly si14: number;
}

const ADDI_D = 0x00b;
const ST_D = 0x0a7;
const STPTR_D = 0x27;
/** `jirl $zero, $ra, 0` and the opcode of `b` (bits 26 to 31). */
const RETURN = 0x4c000020;
const B = 0x14;

const fieldsOf = (word: number): Fields => ({
  op12: word >>> 22,
  op14: word >>> 24,
  rd: word & 31,
  rj: (word >>> 5) & 31,
  si12: (word << 10) >> 20,
  si14: ((word << 8) >> 18) * 4,
});

/** Bytes between sp and the canonical frame address, and the saved registers with the bytes from their slots to it. */
interface State {
  bytes: number;
  /** Bytes from the frame pointer to the canonical frame address, once it is set. */
  frameBytes: number | undefined;
  readonly saved: Map<string, number>;
}

/**
 * Follows the instructions of a function: how far they have lowered sp and which registers they have stored. Code after a
 * return belongs to the body again, which has the whole frame.
 */
export function storingPrologue(code: Uint8Array): StoringPrologue {
  const words = new DataView(code.buffer, code.byteOffset, code.byteLength);
  const state: State = { bytes: 0, frameBytes: undefined, saved: new Map() };
  let wholeFrame = 0;
  for (let at = 0; at + 4 <= words.byteLength; at += 4) {
    const word = words.getUint32(at, true);
    if (word === RETURN || (word >>> 26 === B && state.bytes < wholeFrame)) state.bytes = wholeFrame;
    else step(state, fieldsOf(word));
    wholeFrame = Math.max(wholeFrame, state.bytes);
  }
  const { bytes, frameBytes, saved } = state;
  return { base: frameBytes === undefined ? "sp" : "fp", bytes: frameBytes ?? bytes, saved };
}

function step(state: State, { op12, op14, rd, rj, si12, si14 }: Fields): void {
  if (op12 === ADDI_D && rd === SP && rj === SP) state.bytes -= si12;
  // A frame pointer is set where the frame is made; later it is a general register.
  else if (op12 === ADDI_D && rd === FP && rj === SP && state.saved.has("fp")) state.frameBytes ??= state.bytes - si12;
  const name = saveable.get(rd);
  if (name === undefined || rj !== SP || state.saved.has(name)) return;
  if (op12 === ST_D) state.saved.set(name, state.bytes - si12);
  else if (op14 === STPTR_D) state.saved.set(name, state.bytes - si14);
}
