/** C's arithmetic on values of a dump: promotions, usual conversions, pointer arithmetic (C23 6.3.1, 6.5). */
import { UsageError } from "../../base/usageError.ts";
import { bare, type CType, sizeOf } from "../../debuginfo/ctype.ts";
import type { Kernel } from "../kernel.ts";
import type { Obj } from "../object.ts";
import { typeName } from "../typeName.ts";
import type { BinaryOperator } from "./ast.ts";

/** The operators that need the values of both operands. */
export type ArithmeticOperator = Exclude<BinaryOperator, "&&" | "||" | "@">;

/** An integer type with what its rank in C depends on; `size` is in bytes. */
interface Rank {
  readonly size: number;
  readonly signed: boolean;
  readonly longLong: boolean;
}

/** Reads an operand. A caller can substitute a function that reads nothing. */
export type Read = (object: Obj) => bigint;

/** Receives warnings about expressions that can still be evaluated. */
export type Warn = (message: string) => void;

const INT: Rank = { size: 4, signed: true, longLong: false };

export const pointerTo = (kernel: Kernel, target: CType): CType => ({
  kind: "pointer",
  size: kernel.arch.wordSize,
  target,
});

/**
 * Converts an array to a pointer to its first element and a function to a pointer to it; other objects are unchanged.
 */
export function decay(object: Obj): Obj {
  const type = bare(object.type);
  if (object.storage.kind !== "memory" || (type.kind !== "array" && type.kind !== "function")) return object;
  const target = type.kind === "array" ? type.element : object.type;
  return object.kernel.value(pointerTo(object.kernel, target), object.storage.address);
}

/** Returns `sizeof`, with GNU C's 1 for `void` and functions. */
export function sizeOfTarget(type: CType): number {
  const { kind } = bare(type);
  return kind === "void" || kind === "function" ? 1 : sizeOf(type);
}

/** Returns an operand's value. @throws UsageError if it is not a number or pointer; Fault if it cannot be read */
export function numberOf(object: Obj, position: number): bigint {
  if (!isScalar(object.type))
    throw new UsageError(`${typeName(object.type)} is not a number, at column ${position + 1}`, position);
  return object.value();
}

const isScalar = (type: CType): boolean => ["int", "enum", "pointer"].includes(bare(type).kind);

/** Converts a number as a cast to that type does. The caller cuts it to the type's size. */
export function converted(type: CType, value: bigint): bigint {
  const target = bare(type);
  return target.kind === "int" && target.encoding === "bool" ? (value === 0n ? 0n : 1n) : value;
}

/** Returns the type after integer promotion. @throws UsageError for pointers and aggregates */
export function promoted(object: Obj, position: number): CType {
  return typeOfRank(object.kernel, rankOf(object, position));
}

function rankOf(object: Obj, position: number): Rank {
  const type = bare(object.type);
  if (type.kind !== "int" && type.kind !== "enum")
    throw new UsageError(
      `arithmetic requires a number, not ${typeName(object.type)}, at column ${position + 1}`,
      position,
    );
  const bits = object.bitField?.size ?? type.size * 8;
  if (bits < 32 || (bits === 32 && type.signed)) return INT;
  const size = bits === 32 ? 4 : type.size;
  return { size, signed: type.signed, longLong: type.kind === "int" && type.name.includes("long long") };
}

/** Returns the common type of the usual arithmetic conversions: the type of greater rank; of equal ranks, unsigned. */
function common(a: Rank, b: Rank): Rank {
  const greater = a.size > b.size || (a.size === b.size && a.longLong) ? a : b;
  const other = greater === a ? b : a;
  return { ...greater, signed: greater.signed && (other.signed || other.size < greater.size) };
}

function typeOfRank(kernel: Kernel, { size, signed, longLong }: Rank): CType {
  const base =
    size <= 4 ? "int" : size === 16 ? "__int128" : longLong || kernel.arch.wordSize === 4 ? "long long" : "long";
  return kernel.types.named(signed ? base : `unsigned ${base}`);
}

/** A binary operator with its operands. */
export interface Operation {
  readonly operator: ArithmeticOperator;
  readonly left: Obj;
  readonly right: Obj;
  readonly read: Read;
  /** Offset of the operator in the expression. */
  readonly position: number;
}

const isPointer = (object: Obj): boolean => bare(object.type).kind === "pointer";

/** Applies a binary operator. @throws UsageError for operands of wrong type, and for division by zero */
export function binary(operation: Operation, warn: Warn = () => {}): Obj {
  const { operator, left, right, read, position } = operation;
  const { kernel } = left;
  if (COMPARISONS.has(operator)) return compare(operation);
  if (isPointer(left) || isPointer(right)) return pointerArithmetic(operation);
  const isShift = operator === "<<" || operator === ">>";
  const type = isShift ? rankOf(left, position) : common(rankOf(left, position), rankOf(right, position));
  if (isShift) rankOf(right, position);
  const a = truncated(read(left), type);
  const b = isShift ? read(right) : truncated(read(right), type);
  if (isShift && b >= BigInt(type.size * 8))
    warn(`${operator === "<<" ? "left" : "right"} shift count >= width of type`);
  return kernel.value(typeOfRank(kernel, type), operate(operator, a, b, type.size * 8, position));
}

const truncated = (value: bigint, { size, signed }: Rank): bigint =>
  signed ? BigInt.asIntN(size * 8, value) : BigInt.asUintN(size * 8, value);

function operate(operator: ArithmeticOperator, a: bigint, b: bigint, bits: number, position: number): bigint {
  switch (operator) {
    case "+":
      return a + b;
    case "-":
      return a - b;
    case "*":
      return a * b;
    case "/":
    case "%":
      if (b === 0n) throw new UsageError(`division by zero at column ${position + 1}`, position);
      return operator === "/" ? a / b : a % b;
    case "&":
      return a & b;
    case "|":
      return a | b;
    case "^":
      return a ^ b;
    case "<<":
    case ">>":
      if (b < 0n) throw new UsageError(`shift by ${b} at column ${position + 1}`, position);
      // Undefined in C if the count is the width or more; the mathematical result is used, because users expect it.
      if (b >= BigInt(bits)) return operator === ">>" && a < 0n ? -1n : 0n;
      return operator === "<<" ? a << b : a >> b;
    default:
      throw new UsageError(`${operator} is not an arithmetic operator`, position);
  }
}

const COMPARISONS: ReadonlySet<ArithmeticOperator> = new Set(["==", "!=", "<", ">", "<=", ">="]);

function compare({ operator, left, right, read, position }: Operation): Obj {
  const { kernel } = left;
  const word: Rank = { size: kernel.arch.wordSize, signed: false, longLong: false };
  const type = isPointer(left) || isPointer(right) ? word : common(rankOf(left, position), rankOf(right, position));
  const a = truncated(read(left), type);
  const b = truncated(read(right), type);
  const order = a < b ? -1 : a > b ? 1 : 0;
  const truth = {
    "==": order === 0,
    "!=": order !== 0,
    "<": order < 0,
    ">": order > 0,
    "<=": order <= 0,
    ">=": order >= 0,
  }[operator as "=="];
  return kernel.value("int", truth ? 1n : 0n);
}

/** Adds or subtracts a number and a pointer, or computes the distance of two pointers. */
function pointerArithmetic({ operator, left, right, read, position }: Operation): Obj {
  const { kernel } = left;
  const leftPoints = isPointer(left);
  const rightPoints = isPointer(right);
  const pointer = leftPoints ? left : right;
  const type = bare(pointer.type);
  const size = BigInt(type.kind === "pointer" ? Math.max(1, sizeOfTarget(type.target)) : 1);
  if (operator === "-" && leftPoints && rightPoints) {
    return kernel.value("long", (read(left) - read(right)) / size);
  }
  const isStep = operator === "+" || (operator === "-" && leftPoints);
  if (!isStep || (leftPoints && rightPoints))
    throw new UsageError(`${operator} does not work on pointers, at column ${position + 1}: cast them`, position);
  const number = leftPoints ? right : left;
  rankOf(number, position);
  const distance = read(number) * size;
  return kernel.value(pointer.type, read(pointer) + (operator === "-" ? -distance : distance));
}
