/** Values that riscv64 instructions compute. */
import { type Operator, type Value, wrap64 } from "../effect.ts";
import { constant, operation, signed } from "../fixedEncoding.ts";
import { register, x, ZERO } from "./encoding.ts";

/** The result of an instruction of 32 bits, which is sign-extended. */
const operation32 = (operator: Operator, left: Value, right: Value): Value =>
  operation(operator, left, right, 32, true);

const functOf = (word: number): number => (word >>> 12) & 7;
const highOf = (word: number): number => word >>> 25;
const firstOf = (word: number): string => x((word >>> 15) & 0x1f);
const secondOf = (word: number): string => x((word >>> 20) & 0x1f);

/** Operators of ADDI, XORI, ORI and ANDI by bits 14 to 12. */
const IMMEDIATE: Readonly<Record<number, Operator>> = { 0: "+", 4: "^", 6: "|", 7: "&" };

/** Returns the value of an operation of 64 bits with a constant; undefined for one that is not followed. */
export function immediate(word: number): Value | undefined {
  const [funct, from] = [functOf(word), firstOf(word)];
  const value = signed(word >>> 20, 12);
  const operator = IMMEDIATE[funct];
  if (operator === undefined) return shifted(word, funct, from);
  // LI and MV are ADDI; ZEXT.B is ANDI.
  if (from === ZERO) return constant(operator === "&" ? 0n : wrap64(value));
  if (value === 0n && operator === "+") return register(from);
  if (value === 0xffn && operator === "&") return register(from, 8);
  return operation(operator, register(from), constant(wrap64(value)));
}

/** Decodes SLLI, SRLI, and SEXT.B and SEXT.H of Zbb. */
function shifted(word: number, funct: number, from: string): Value | undefined {
  const [how, by] = [word >>> 26, constant(BigInt((word >>> 20) & 0x3f))];
  if (funct === 1 && how === 0) return operation("<<", register(from), by);
  if (funct === 5 && how === 0) return operation(">>", register(from), by);
  const which = word >>> 20;
  if (funct === 1 && which === 0x604) return register(from, 8, true);
  if (funct === 1 && which === 0x605) return register(from, 16, true);
  return undefined;
}

/** Returns the value of an operation of 32 bits with a constant; undefined for one that is not followed. */
export function immediate32(word: number): Value | undefined {
  const [funct, from] = [functOf(word), firstOf(word)];
  const value = signed(word >>> 20, 12);
  if (funct === 0) {
    if (from === ZERO) return constant(wrap64(value));
    // SEXT.W is ADDIW with 0.
    return value === 0n
      ? register(from, 32, true)
      : operation32("+", register(from, 32), constant(BigInt.asUintN(32, value)));
  }
  const by = constant(BigInt((word >>> 20) & 0x1f));
  if (funct === 1 && highOf(word) === 0) return operation32("<<", register(from, 32), by);
  if (funct === 5 && highOf(word) === 0) return operation32(">>", register(from, 32), by);
  return undefined;
}

/** Operators of register operations of 64 bits by bits 31 to 25 and 14 to 12. */
const COMPUTED: Readonly<Record<number, Readonly<Record<number, Operator>>>> = {
  0x00: { 0: "+", 1: "<<", 4: "^", 5: ">>", 6: "|", 7: "&" },
  0x20: { 0: "-" },
};

/** SH1ADD, SH2ADD and SH3ADD of Zba: bits 31 to 25. */
const SHIFT_ADD = 0x10;

/** Returns the value of an operation of 64 bits; undefined for one that is not followed. */
export function computed(word: number): Value | undefined {
  const [funct, high] = [functOf(word), highOf(word)];
  const [left, right] = [register(firstOf(word)), register(secondOf(word))];
  if (high === SHIFT_ADD && [2, 4, 6].includes(funct))
    return operation("+", operation("<<", left, constant(BigInt(funct / 2))), right);
  const operator = COMPUTED[high]?.[funct];
  if (operator === undefined) return undefined;
  const isZero = (value: Value): boolean => value.kind === "constant";
  // MV of the C extension is an ADD with the zero register.
  if ((operator === "+" || operator === "|") && isZero(left)) return right;
  if ((operator === "+" || operator === "|") && isZero(right)) return left;
  return operation(operator, left, right);
}

/** ADD.UW and SHnADD.UW of Zba, and PACKW of Zbb, of which ZEXT.H is one: bits 31 to 25. */
const ADD_UNSIGNED = 0x04;

/** Returns the value of an operation of 32 bits; undefined for one that is not followed. */
export function computed32(word: number): Value | undefined {
  const [funct, high] = [functOf(word), highOf(word)];
  const [left, right] = [firstOf(word), secondOf(word)];
  if (high === ADD_UNSIGNED && funct === 0)
    return right === ZERO ? register(left, 32) : operation("+", register(left, 32), register(right));
  if (high === ADD_UNSIGNED && funct === 4) return right === ZERO ? register(left, 16) : undefined;
  if (high === SHIFT_ADD && [2, 4, 6].includes(funct))
    return operation("+", operation("<<", register(left, 32), constant(BigInt(funct / 2))), register(right));
  if (high === 0x20 && funct === 0) return operation32("-", register(left, 32), register(right, 32));
  if (high === 0 && funct === 0) return operation32("+", register(left, 32), register(right, 32));
  return undefined;
}
