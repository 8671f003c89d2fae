/** Fields and operands that the encodings of A64 instructions share. */
import type { Value } from "../effect.ts";
import { constant, register as whole } from "../fixedEncoding.ts";

/** The name of register 31 in instructions that do not read it as the stack pointer. */
export const ZERO = "xzr";

/** Returns a register by its number; 31 is the zero register. */
export const x = (number: number): string => (number === 31 ? ZERO : `x${number}`);

/** Returns a register by its number; 31 is the stack pointer. */
export const orSp = (number: number): string => (number === 31 ? "sp" : `x${number}`);

export const register = (name: string, width = 64, isSigned = false): Value =>
  name === ZERO ? constant(0n) : whole(name, width, isSigned);
