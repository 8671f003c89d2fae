/** What the decoders of arm64, ppc64le and riscv64 share: fields of 32-bit instructions, values and effects. */
import type { Effect, Operator, Value } from "./effect.ts";

/** The effects of an instruction. An absent member means that there is no such effect; an absent `flow` is "next". */
export type PartialEffect = Partial<
  Pick<
    Effect,
    "access" | "flow" | "target" | "through" | "stores" | "compares" | "relation" | "isSigned" | "setsFlags" | "flags"
  >
> & {
  readonly writes?: readonly (readonly [string, Value | undefined])[];
};

/**
 * Makes the whole effect of an instruction from the members that its decoder gives. If `setsFlags` is absent, the
 * instruction sets the flags if it compares.
 * @param zero the register that is always 0: writes to it have no effect
 */
export const completeEffect = (
  { flow = "next", writes = [], ...rest }: PartialEffect,
  address: bigint,
  length: number,
  zero?: string,
): Effect => ({
  address,
  length,
  access: rest.access,
  flow,
  target: rest.target,
  through: rest.through,
  stores: rest.stores,
  compares: rest.compares,
  relation: rest.relation,
  isSigned: rest.isSigned,
  setsFlags: rest.setsFlags ?? rest.compares !== undefined,
  flags: rest.flags,
  writes: new Map(writes.filter(([name]) => name !== zero)),
});

/** Returns bits `high` to `low` of an instruction, at most 31 bits; bit 0 is the lowest. */
export const bits = (word: number, high: number, low: number): number => (word >>> low) & ((1 << (high - low + 1)) - 1);

/** Interprets a field as a signed number of `width` bits. */
export const signed = (value: number, width: number): bigint => BigInt.asIntN(width, BigInt(value));

export const constant = (value: bigint): Value => ({ kind: "constant", value });

/** The low `width` bits of a register, zero- or sign-extended. */
export const register = (name: string, width = 64, isSigned = false): Value => ({
  kind: "register",
  name,
  bits: width,
  signed: isSigned,
});

/** A result of `width` bits, zero- or sign-extended. */
export const operation = (operator: Operator, left: Value, right: Value, width = 64, isSigned = false): Value => ({
  kind: "operation",
  operator,
  left,
  right,
  bits: width,
  ...(isSigned ? { signed: true } : {}),
});
