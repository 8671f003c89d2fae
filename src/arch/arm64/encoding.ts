/** Fields and operands that the encodings of A64 instructions share. */
import type { Effect, Value } from "../effect.ts";

/** What an instruction does; what is absent it does not do. */
export type Told = Partial<
  Pick<Effect, "access" | "flow" | "target" | "through" | "compares" | "relation" | "setsFlags">
> & {
  readonly writes?: readonly (readonly [string, Value | undefined])[];
};

/** The name of register 31 where it is not the stack pointer. */
export const ZERO = "xzr";

/** Bits `high` to `low` of an instruction. */
export const bits = (word: number, high: number, low: number): number => (word >>> low) & ((1 << (high - low + 1)) - 1);

/** A field as a signed number of so many bits. */
export const signed = (value: number, width: number): bigint => BigInt.asIntN(width, BigInt(value));

/** A register by its number, where 31 is zero. */
export const x = (number: number): string => (number === 31 ? ZERO : `x${number}`);

/** A register by its number, where 31 is the stack pointer. */
export const orSp = (number: number): string => (number === 31 ? "sp" : `x${number}`);

export const register = (name: string, width = 64, isSigned = false): Value =>
  name === ZERO ? { kind: "constant", value: 0n } : { kind: "register", name, bits: width, signed: isSigned };

export const constant = (value: bigint): Value => ({ kind: "constant", value });
