/** Effects of arm64 instructions that compute (Arm ARM, C4.1.92 and C4.1.95). */
import { type Comparison, lowerHalf, type Value, wrap64 } from "../effect.ts";
import { bits, constant, operation, type PartialEffect, signed } from "../fixedEncoding.ts";
import { orSp, register, x } from "./encoding.ts";

const widthOf = (word: number): 32 | 64 => (word >>> 31 === 1 ? 64 : 32);

/** Decodes data processing with an immediate operand. */
export function immediateEffect(word: number, address: bigint): PartialEffect {
  const [rd, rn, width] = [bits(word, 4, 0), bits(word, 9, 5), widthOf(word)];
  switch (bits(word, 25, 23)) {
    case 0b000:
    case 0b001: {
      // ADR and ADRP.
      const offset = signed((bits(word, 23, 5) << 2) | bits(word, 30, 29), 21);
      const value = word >>> 31 === 1 ? (address & ~0xfffn) + (offset << 12n) : address + offset;
      return { writes: [[x(rd), constant(wrap64(value))]] };
    }
    case 0b010: {
      const right = constant(BigInt(bits(word, 21, 10)) << (bits(word, 22, 22) === 1 ? 12n : 0n));
      return sum(word, register(orSp(rn), width), right, bits(word, 29, 29) === 1 ? x(rd) : orSp(rd));
    }
    case 0b100: {
      const mask = bitmask(word, width);
      const to = bits(word, 30, 29) === 0b11 ? x(rd) : orSp(rd);
      return mask === undefined
        ? { writes: [[to, undefined]] }
        : logical(word, register(x(rn), width), constant(mask), to);
    }
    case 0b101:
      return moveWide(word, rd, width);
    case 0b110:
      return { writes: [[x(rd), bitField(word, register(x(rn), width), width)]] };
    default:
      return { writes: [[x(rd), undefined]] };
  }
}

/** Decodes ADD and SUB. Those that set the flags compare: CMP, CMN. */
function sum(word: number, left: Value, right: Value, to: string): PartialEffect {
  const [isDifference, setsFlags, width] = [bits(word, 30, 30) === 1, bits(word, 29, 29) === 1, widthOf(word)];
  return {
    writes: [[to, operation(isDifference ? "-" : "+", left, right, width)]],
    compares: setsFlags && isDifference ? { left, right, by: "difference" } : undefined,
    setsFlags,
  };
}

/** Decodes AND, ORR, EOR, and ANDS, which compares: TST. */
function logical(word: number, left: Value, right: Value, to: string): PartialEffect {
  const which = bits(word, 30, 29);
  const compares: Comparison | undefined = which === 0b11 ? { left, right, by: "conjunction" } : undefined;
  // MOV is ORR with the zero register.
  const isMove = which === 0b01 && left.kind === "constant" && left.value === 0n;
  const value = isMove ? right : operation((["&", "|", "^", "&"] as const)[which] ?? "&", left, right, widthOf(word));
  return { writes: [[to, value]], compares, setsFlags: which === 0b11 };
}

/** Decodes MOVZ, MOVN and MOVK. */
function moveWide(word: number, rd: number, width: number): PartialEffect {
  const shift = BigInt(bits(word, 22, 21) * 16);
  const value = BigInt(bits(word, 20, 5)) << shift;
  const which = bits(word, 30, 29);
  if (which === 0b10) return { writes: [[x(rd), constant(value)]] };
  if (which === 0b00) return { writes: [[x(rd), constant(BigInt.asUintN(width, ~value))]] };
  const others = constant(BigInt.asUintN(width, ~(0xffffn << shift)));
  const kept = operation("&", register(x(rd), width), others, width);
  return { writes: [[x(rd), operation("|", kept, constant(value), width)]] };
}

/**
 * Decodes the immediate of a logical instruction: a run of ones, rotated and repeated (DecodeBitMasks of the Arm ARM);
 * undefined if it is reserved.
 */
function bitmask(word: number, width: 32 | 64): bigint | undefined {
  const [n, rotation, ones] = [bits(word, 22, 22), bits(word, 21, 16), bits(word, 15, 10)];
  const length = 31 - Math.clz32((n << 6) | (~ones & 0x3f));
  if (length < 1) return undefined;
  const [size, levels] = [1 << length, (1 << length) - 1];
  const [by, last] = [rotation & levels, ones & levels];
  if (last === levels || size > width) return undefined;
  const run = (1n << BigInt(last + 1)) - 1n;
  const element = BigInt.asUintN(size, (run >> BigInt(by)) | (run << BigInt(size - by)));
  let all = 0n;
  for (let at = 0; at < width; at += size) all |= element << BigInt(at);
  return all;
}

/** Returns the value of UBFM and SBFM where they extend or shift; undefined for other fields. */
function bitField(word: number, from: Value, width: 32 | 64): Value | undefined {
  const [which, first, last] = [bits(word, 30, 29), bits(word, 21, 16), bits(word, 15, 10)];
  if (which !== 0b00 && which !== 0b10) return undefined;
  const isSigned = which === 0b00;
  if (first === 0 && from.kind === "register") {
    const value: Value = { ...from, bits: Math.min(last + 1, width), signed: isSigned };
    return isSigned && width === 32 ? lowerHalf(value) : value;
  }
  if (isSigned) return undefined;
  if (last === width - 1) return operation(">>", from, constant(BigInt(first)), width);
  // LSL by n is UBFM #(-n mod width), #(width - 1 - n).
  if (last + 1 === first) return operation("<<", from, constant(BigInt(width - first)), width);
  return undefined;
}

/**
 * Decodes data processing with register operands. Instructions that are not known here are taken to write the register
 * in bits 4 to 0.
 */
export function registerEffect(word: number): PartialEffect {
  const [rd, width] = [bits(word, 4, 0), widthOf(word)];
  const [left, right] = [bits(word, 9, 5), bits(word, 20, 16)];
  if (bits(word, 28, 24) === 0b01010) {
    const operand = bits(word, 21, 21) === 1 ? undefined : shifted(word, register(x(right), width), width);
    const setsFlags = bits(word, 30, 29) === 0b11;
    return operand
      ? logical(word, register(x(left), width), operand, x(rd))
      : { writes: [[x(rd), undefined]], setsFlags };
  }
  if (bits(word, 28, 24) === 0b01011) {
    const isExtended = bits(word, 21, 21) === 1;
    const operand = isExtended ? extended(word, right) : shifted(word, register(x(right), width), width);
    const setsFlags = bits(word, 29, 29) === 1;
    const to = isExtended && !setsFlags ? orSp(rd) : x(rd);
    const base = isExtended ? orSp(left) : x(left);
    return operand ? sum(word, register(base, width), operand, to) : { writes: [[to, undefined]], setsFlags };
  }
  // CCMP and CCMN write no register.
  if (bits(word, 28, 21) === 0b11010010) return { setsFlags: true };
  // ADC and SBC can set the flags.
  return { writes: [[x(rd), undefined]], setsFlags: bits(word, 28, 21) === 0b11010000 && bits(word, 29, 29) === 1 };
}

/** Returns an operand that is shifted by a constant; undefined for shifts that are not followed. */
function shifted(word: number, operand: Value, width: number): Value | undefined {
  const [how, amount] = [bits(word, 23, 22), bits(word, 15, 10)];
  if (amount === 0) return operand;
  return how > 1 ? undefined : operation(how === 0 ? "<<" : ">>", operand, constant(BigInt(amount)), width);
}

/** Returns an operand that is extended and then shifted to the left. */
function extended(word: number, number: number): Value {
  const [how, amount, width] = [bits(word, 15, 13), bits(word, 12, 10), widthOf(word)];
  const operand = register(x(number), Math.min(8 << (how & 0b11), width), how >= 0b100);
  return amount === 0 ? operand : operation("<<", operand, constant(BigInt(amount)), width);
}
