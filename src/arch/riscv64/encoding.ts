/** Fields and operands that the encodings of riscv64 instructions share. */
import type { Effect, Value } from "../effect.ts";

/** The effects of an instruction. An absent member means that there is no such effect; an absent `flow` is "next". */
export type PartialEffect = Partial<
  Pick<Effect, "access" | "flow" | "target" | "through" | "stores" | "compares" | "relation">
> & {
  readonly writes?: readonly (readonly [string, Value | undefined])[];
};

/** x0, which is always 0. */
export const ZERO = "zero";
/** x1, the register with the return address of a function. */
export const RETURN = "ra";

/** Names of x0 to x31 in the psABI. */
const NAMES = (
  "zero ra sp gp tp t0 t1 t2 s0 s1 a0 a1 a2 a3 a4 a5 a6 a7 s2 s3 s4 s5 s6 s7 s8 s9 s10 s11 " + "t3 t4 t5 t6"
).split(" ");

/** Returns a register by its number. */
export const x = (number: number): string => NAMES[number] ?? ZERO;

/** Interprets a field as a signed number of `width` bits. */
export const signedBits = (value: number, width: number): bigint => BigInt.asIntN(width, BigInt(value));

export const constant = (value: bigint): Value => ({ kind: "constant", value });

export const register = (name: string, bits = 64, signed = false): Value =>
  name === ZERO ? constant(0n) : { kind: "register", name, bits, signed };
