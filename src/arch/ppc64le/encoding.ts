/** Fields and operands that the encodings of Power instructions share. Bits are numbered from the lowest one, as 0. */
import { type MemoryOperand, type Value, wrap64 } from "../effect.ts";
import { bits, constant as value, type PartialEffect } from "../fixedEncoding.ts";

/** The general register in bits 25 to 21: RT, or RS of stores and logical instructions. */
export const target = (word: number): string => `r${bits(word, 25, 21)}`;
/** The general register in bits 20 to 16: RA. */
export const first = (word: number): string => `r${bits(word, 20, 16)}`;
/** The general register in bits 15 to 11: RB. */
export const second = (word: number): string => `r${bits(word, 15, 11)}`;

/** A number as a register holds it. */
export const constant = (number: bigint): Value => value(wrap64(number));

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
