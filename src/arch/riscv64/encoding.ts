/** Fields and operands that the encodings of riscv64 instructions share. */
import type { Value } from "../effect.ts";
import { constant, register as whole } from "../fixedEncoding.ts";

/** x0, which is always 0. */
export const ZERO = "zero";
/** x1, the register with the return address of a function. */
export const RETURN = "ra";

/** Names of x1 to x31 in the psABI. */
export const GENERAL =
  "ra sp gp tp t0 t1 t2 s0 s1 a0 a1 a2 a3 a4 a5 a6 a7 s2 s3 s4 s5 s6 s7 s8 s9 s10 s11 t3 t4 t5 t6".split(" ");

/** Returns a register by its number. */
export const x = (number: number): string => GENERAL[number - 1] ?? ZERO;

export const register = (name: string, width = 64, isSigned = false): Value =>
  name === ZERO ? constant(0n) : whole(name, width, isSigned);
