/** Fields and operands that the encodings of A64 instructions share. */
import type { Effect, Value } from "../effect.ts";

/** The effects of an instruction. An absent member means that there is no such effect; an absent `flow` is "next". */
export type PartialEffect = Partial<
  Pick<Effect, "access" | "flow" | "target" | "through" | "stores" | "compares" | "relation" | "setsFlags">
> & {
  readonly writes?: readonly (readonly [string, Value | undefined])[];
};

/** The name of register 31 in instructions that do not read it as the stack pointer. */
export const ZERO = "xzr";

/** Returns bits `high` to `low` of an instruction. */
export const bits = (word: number, high: number, low: number): number => (word >>> low) & ((1 << (high - low + 1)) - 1);

/** Interprets a field as a signed number of `width` bits. */
export const signed = (value: number, width: number): bigint => BigInt.asIntN(width, BigInt(value));

/** Returns a register by its number; 31 is the zero register. */
export const x = (number: number): string => (number === 31 ? ZERO : `x${number}`);

/** Returns a register by its number; 31 is the stack pointer. */
export const orSp = (number: number): string => (number === 31 ? "sp" : `x${number}`);

export const register = (name: string, width = 64, isSigned = false): Value =>
  name === ZERO ? { kind: "constant", value: 0n } : { kind: "register", name, bits: width, signed: isSigned };

export const constant = (value: bigint): Value => ({ kind: "constant", value });
