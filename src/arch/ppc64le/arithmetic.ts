/** Values that ppc64le instructions compute (Power ISA 3.1, book I, section 3.3). */
import type { Operator, Value } from "../effect.ts";
import { bits, operation, type PartialEffect, register, signed } from "../fixedEncoding.ts";
import { constant, first, recorded, second, target } from "./encoding.ts";

/** Decodes sums, logic and rotations with constants by their primary opcode; undefined for other instructions. */
export function immediateEffect(word: number): PartialEffect | undefined {
  const value = signed(bits(word, 15, 0), 16);
  const mask = BigInt(bits(word, 15, 0));
  switch (bits(word, 31, 26)) {
    case 7:
      return { writes: [[target(word), undefined]] };
    case 8:
      return { writes: [[target(word), operation("-", constant(value), register(first(word)))]] };
    case 12:
      return { writes: [[target(word), operation("+", register(first(word)), constant(value))]] };
    case 13:
      return {
        writes: [[target(word), operation("+", register(first(word)), constant(value))]],
        ...recorded(true),
      };
    case 14:
      return { writes: [[target(word), sum(word, value)]] };
    case 15:
      return { writes: [[target(word), sum(word, value << 16n)]] };
    case 24:
      return logic(word, "|", mask);
    case 25:
      return logic(word, "|", mask << 16n);
    case 26:
      return logic(word, "^", mask);
    case 27:
      return logic(word, "^", mask << 16n);
    case 28:
      return recordedMask(word, mask);
    case 29:
      return recordedMask(word, mask << 16n);
    case 20:
    case 23:
      return { writes: [[first(word), undefined]], ...recorded((word & 1) === 1) };
    case 21:
      return rotated32(word);
    case 30:
      return rotated64(word);
    default:
      return undefined;
  }
}

/** Decodes ADDI and ADDIS. r0 as the first operand means 0. */
const sum = (word: number, value: bigint): Value => {
  const from = first(word);
  if (from === "r0") return constant(value);
  return value === 0n ? register(from) : operation("+", register(from), constant(value));
};

/** ORI and XORI with 0 copy a register. */
const logic = (word: number, operator: Operator, mask: bigint): PartialEffect => {
  const from = register(target(word));
  const isNop = mask === 0n && target(word) === first(word);
  return isNop ? {} : { writes: [[first(word), mask === 0n ? from : operation(operator, from, constant(mask))]] };
};

/** Decodes ANDI and ANDIS, which compare their result with 0. */
function recordedMask(word: number, mask: bigint): PartialEffect {
  const [left, right] = [register(target(word)), constant(mask)];
  return {
    writes: [[first(word), operation("&", left, right)]],
    compares: { left, right, by: "conjunction" },
    ...recorded(true),
  };
}

/** Returns a mask of ones at the bits that Power numbers `from` to `to`, of 64; undefined if it wraps around. */
function maskOf(from: number, to: number): bigint | undefined {
  if (from > to) return undefined;
  return ((1n << BigInt(to - from + 1)) - 1n) << BigInt(63 - to);
}

/** Decodes RLWINM, of which SLWI, SRWI and CLRLWI are forms. */
function rotated32(word: number): PartialEffect {
  const [by, begin, end] = [bits(word, 15, 11), bits(word, 10, 6), bits(word, 5, 1)];
  const from = target(word);
  const mask = maskOf(begin + 32, end + 32);
  let value: Value | undefined;
  if (by === 0 && end === 31 && begin <= end) value = register(from, 32 - begin);
  else if (by === 0 && mask !== undefined) value = operation("&", register(from, 32), constant(mask));
  else if (begin === 0 && end === 31 - by) value = operation("<<", register(from, 32), constant(BigInt(by)), 32);
  else if (end === 31 && begin === 32 - by) value = operation(">>", register(from, 32), constant(BigInt(begin)), 32);
  return withComparison(word, value, by === 0 ? mask : undefined);
}

/** Decodes the rotations of 64 bits, of which SLDI, SRDI and CLRLDI are forms. */
function rotated64(word: number): PartialEffect {
  const by = bits(word, 15, 11) | (bits(word, 1, 1) << 5);
  const edge = bits(word, 10, 6) | (word & 0x20);
  const from = target(word);
  let value: Value | undefined;
  let mask: bigint | undefined;
  switch (bits(word, 4, 2)) {
    case 0: // RLDICL clears the bits above.
      if (by === 0) [value, mask] = [register(from, 64 - edge), maskOf(edge, 63)];
      else if (edge === 64 - by) value = operation(">>", register(from), constant(BigInt(edge)));
      break;
    case 1: // RLDICR clears the bits below.
      if (by === 0) [value, mask] = [undefined, maskOf(0, edge)];
      else if (edge === 63 - by) value = operation("<<", register(from), constant(BigInt(by)));
      if (mask !== undefined) value = operation("&", register(from), constant(mask));
      break;
    case 2: // RLDIC clears both.
      if (64 - edge - by > 0) value = operation("<<", register(from, 64 - edge - by), constant(BigInt(by)));
      break;
    default:
      break;
  }
  return withComparison(word, value, mask);
}

/** Adds the comparison of a result with 0, if the instruction records it and it is a register under a mask. */
function withComparison(word: number, value: Value | undefined, mask: bigint | undefined): PartialEffect {
  const isRecording = (word & 1) === 1;
  return {
    writes: [[first(word), value]],
    ...recorded(isRecording),
    ...(isRecording && mask !== undefined
      ? { compares: { left: register(target(word)), right: constant(mask), by: "conjunction" } as const }
      : {}),
  };
}

/** Sums and differences of primary opcode 31 by bits 9 to 1: RT gets RA op RB. */
const SUMS: Readonly<Record<number, Operator>> = { 10: "+", 266: "+", 8: "-", 40: "-" };
/** Instructions whose result in RT is not followed, by bits 9 to 1: products, quotients, sums with carry. */
const RESULTS: ReadonlySet<number> = new Set([
  9, 11, 73, 75, 104, 136, 138, 200, 202, 232, 233, 234, 235, 265, 267, 393, 395, 425, 427, 457, 459, 489, 491,
]);
/** Logic of primary opcode 31 by bits 10 to 1: RA gets RS op RB. */
const LOGIC: Readonly<Record<number, Operator>> = { 28: "&", 444: "|", 316: "^", 27: "<<", 539: ">>" };
/** Extensions by bits 10 to 1, with the bits of RS that RA gets. */
const EXTENSIONS: Readonly<Record<number, number>> = { 954: 8, 922: 16, 986: 32 };

/** Returns the sum, difference, logic or extension of an instruction of primary opcode 31; undefined for others. */
export function registerEffect(word: number): PartialEffect | undefined {
  const which = bits(word, 10, 1);
  const recording = recorded((word & 1) === 1);
  const [left, right] = [register(first(word)), register(second(word))];
  const operator = SUMS[which & 0x1ff];
  if (operator !== undefined) {
    // SUBF subtracts RA from RB.
    const value = operator === "-" ? operation("-", right, left) : operation("+", left, right);
    return { writes: [[target(word), value]], ...recording };
  }
  if (RESULTS.has(which & 0x1ff)) return { writes: [[target(word), undefined]], ...recording };
  const logic = LOGIC[which];
  if (logic !== undefined) return logicEffect(word, logic);
  const width = EXTENSIONS[which];
  return width === undefined
    ? undefined
    : { writes: [[first(word), register(target(word), width, true)]], ...recording };
}

/** Decodes AND, OR, XOR and the shifts by a register. MR is an OR of a register with itself. */
function logicEffect(word: number, operator: Operator): PartialEffect {
  const from = register(target(word));
  const isCopy = operator === "|" && target(word) === second(word);
  const isRecording = (word & 1) === 1;
  // An OR of a register with itself to itself sets the thread's priority.
  if (isCopy && !isRecording && target(word) === first(word)) return {};
  return {
    writes: [[first(word), isCopy ? from : operation(operator, from, register(second(word)))]],
    ...recorded(isRecording),
    ...(isRecording && isCopy ? { compares: { left: from, right: constant(0n), by: "difference" } as const } : {}),
  };
}
