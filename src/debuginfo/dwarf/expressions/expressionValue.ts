/** Values on the stack of a DWARF expression. */
import { Fault } from "../../../base/fault.ts";
import { type CType, bare } from "../../ctype.ts";
import * as op from "./operations.ts";

/** A stack entry of the generic type (an address-sized integer without sign) or of a base type. */
export interface Value {
  /** Value within the range of its type. */
  readonly value: bigint;
  readonly bits: number;
  readonly signed: boolean;
  readonly generic: boolean;
}

const wrap = (value: bigint, bits: number, signed: boolean): bigint =>
  signed ? BigInt.asIntN(bits, value) : BigInt.asUintN(bits, value);

export const genericValue = (value: bigint, addressSize: number): Value => ({
  value: BigInt.asUintN(8 * addressSize, value),
  bits: 8 * addressSize,
  signed: false,
  generic: true,
});

/** Makes a value of a base type. @throws Fault unknown for a type that is not an integer */
export function typedValue(value: bigint, type: CType): Value {
  const base = bare(type);
  if (base.kind !== "int" || base.size < 1 || base.size > 16) {
    throw Fault.of("unknown", "a DWARF expression computes with values that are not integers");
  }
  const bits = 8 * base.size;
  return { value: wrap(value, bits, base.signed), bits, signed: base.signed, generic: false };
}

const signedOf = ({ value, bits }: Value): bigint => BigInt.asIntN(bits, value);
const unsignedOf = ({ value, bits }: Value): bigint => BigInt.asUintN(bits, value);

export function unary(opcode: number, operand: Value): Value {
  const value = signedOf(operand);
  const result = opcode === op.DW_OP_neg ? -value : opcode === op.DW_OP_not ? ~value : value < 0n ? -value : value;
  return { ...operand, value: wrap(result, operand.bits, operand.signed) };
}

/**
 * Computes `left op right`. The generic type is signed in DW_OP_div, unsigned in DW_OP_mod (DWARF 5, 2.5.1.4). @throws
 * Fault corrupt for a division by zero, and if the operands of another operation than a shift differ in size or only one
 * has the generic type @returns undefined if it is not an arithmetic operation
 */
export function binary(opcode: number, left: Value, right: Value): Value | undefined {
  const isShift = opcode === op.DW_OP_shl || opcode === op.DW_OP_shr || opcode === op.DW_OP_shra;
  if (!isShift && (left.bits !== right.bits || left.generic !== right.generic)) {
    throw Fault.of("corrupt", "a DWARF expression combines values of different types");
  }
  const result = arithmetic(opcode, left, right);
  return result === undefined ? undefined : { ...left, value: wrap(result, left.bits, left.signed) };
}

function arithmetic(opcode: number, left: Value, right: Value): bigint | undefined {
  switch (opcode) {
    case op.DW_OP_plus:
      return left.value + right.value;
    case op.DW_OP_minus:
      return left.value - right.value;
    case op.DW_OP_mul:
      return left.value * right.value;
    case op.DW_OP_and:
      return left.value & right.value;
    case op.DW_OP_or:
      return left.value | right.value;
    case op.DW_OP_xor:
      return left.value ^ right.value;
    case op.DW_OP_div:
      if (right.value === 0n) throw Fault.of("corrupt", "a DWARF expression divides by zero");
      return left.generic ? signedOf(left) / signedOf(right) : left.value / right.value;
    case op.DW_OP_mod:
      if (right.value === 0n) throw Fault.of("corrupt", "a DWARF expression divides by zero");
      return left.value % right.value;
    case op.DW_OP_shl:
      return left.value << shiftCount(left, right);
    case op.DW_OP_shr:
      return unsignedOf(left) >> shiftCount(left, right);
    case op.DW_OP_shra:
      return signedOf(left) >> shiftCount(left, right);
    default:
      return undefined;
  }
}

/** Returns the count of a shift. A shift by more than the width has the result of a shift by the width. */
const shiftCount = (left: Value, right: Value): bigint =>
  unsignedOf(right) < BigInt(left.bits) ? unsignedOf(right) : BigInt(left.bits);

/** Whether `left op right` holds; undefined if it is not a comparison. */
export function compared(opcode: number, left: Value, right: Value): boolean | undefined {
  const a = left.generic ? signedOf(left) : left.value;
  const b = right.generic ? signedOf(right) : right.value;
  switch (opcode) {
    case op.DW_OP_eq:
      return a === b;
    case op.DW_OP_ne:
      return a !== b;
    case op.DW_OP_lt:
      return a < b;
    case op.DW_OP_le:
      return a <= b;
    case op.DW_OP_gt:
      return a > b;
    case op.DW_OP_ge:
      return a >= b;
    default:
      return undefined;
  }
}
