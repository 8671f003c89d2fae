/** Fields and operands that the encodings of Power instructions share. Bits are numbered from the lowest one, as 0. */
import type { Effect, MemoryOperand, Operator, Value } from "../effect.ts";

/** The effects of an instruction. An absent member means that there is no such effect; an absent `flow` is "next". */
export type PartialEffect = Partial<
  Pick<Effect, "access" | "flow" | "target" | "through" | "stores" | "compares" | "relation" | "setsFlags" | "flags">
> & {
  readonly writes?: readonly (readonly [string, Value | undefined])[];
};

/** Returns bits `high` to `low` of an instruction. */
export const bits = (word: number, high: number, low: number): number => (word >>> low) & ((1 << (high - low + 1)) - 1);

/** Interprets a field as a signed number of `width` bits. */
export const signed = (value: number, width: number): bigint => BigInt.asIntN(width, BigInt(value));

/** The general register in bits 25 to 21: RT, or RS of stores and logical instructions. */
export const target = (word: number): string => `r${bits(word, 25, 21)}`;
/** The general register in bits 20 to 16: RA. */
export const first = (word: number): string => `r${bits(word, 20, 16)}`;
/** The general register in bits 15 to 11: RB. */
export const second = (word: number): string => `r${bits(word, 15, 11)}`;

export const constant = (value: bigint): Value => ({ kind: "constant", value: BigInt.asUintN(64, value) });

export const register = (name: string, width = 64, isSigned = false): Value => ({
  kind: "register",
  name,
  bits: width,
  signed: isSigned,
});

export const operation = (operator: Operator, left: Value, right: Value, width = 64): Value => ({
  kind: "operation",
  operator,
  left,
  right,
  bits: width,
});

/** Returns a memory operand whose base is RA. r0 as a base means 0. */
export const place = (word: number, displacement: bigint, index?: string): MemoryOperand => {
  const base = first(word);
  const isZero = base === "r0";
  return { base: isZero ? index : base, index: isZero ? undefined : index, scale: 1, displacement };
};

/** The name of a field of the condition register. */
export const conditionField = (number: number): string => `cr${number}`;

/** Returns the effects on the condition register of an instruction that records its result (Rc = 1) in field 0. */
export const recorded = (isRecording: boolean): PartialEffect =>
  isRecording ? { setsFlags: true, flags: conditionField(0) } : {};
