/** The interface of DWARF expressions. */
import type { ExpressionUnit, VariableLocation } from "../../source.ts";
import { Evaluation } from "./evaluation.ts";

/** The state of the frame in which an expression is evaluated. */
export interface Machine {
  /** Runtime address minus link address of the image; added to addresses in the expression. */
  readonly bias: bigint;
  /** Returns a register by DWARF number; undefined if the frame's value of it was not saved. */
  register(number: number): bigint | undefined;
  /** Reads `size` bytes of memory. @throws Fault */
  memory(address: bigint, size: number): Uint8Array;
  /** Returns the canonical frame address; undefined if the unwinder does not know it. */
  cfa?(): bigint | undefined;
  /**
   * Returns a register's value at entry of the function (DW_OP_entry_value), which `CallSite.argument` computes in the
   * caller's frame. Undefined if it is not known.
   */
  entryValue?(register: number): bigint | undefined;
}

/** The location or the value of one part of an object. */
export type PieceLocation =
  | { readonly kind: "memory"; readonly address: bigint }
  | { readonly kind: "register"; readonly register: number }
  /** The value itself; the object is not in memory. */
  | { readonly kind: "value"; readonly value: bigint }
  | { readonly kind: "bytes"; readonly bytes: Uint8Array }
  /** A pointer that was optimized away. It points to the variable at an offset of .debug_info. */
  | { readonly kind: "pointer"; readonly variable: number; readonly offset: number }
  /** Optimized out. */
  | { readonly kind: "absent" };

/** A part of an object. The first part comes first. */
export interface Piece {
  readonly location: PieceLocation;
  /** Size in bits; undefined for the whole object. */
  readonly bits: number | undefined;
  /** Bits to skip in the location. */
  readonly bitOffset: number;
}

/**
 * Computes where a variable is, at the pc for which its location was looked up. @throws Fault "unknown" if a register
 * or value that it needs is not known; "corrupt" if it is not a valid DWARF expression
 */
export function evaluateLocation(
  location: VariableLocation & { readonly kind: "expression" },
  machine: Machine,
): readonly Piece[] {
  return new Evaluation(location.unit, machine, location.frameBase).pieces(location.bytes);
}

/**
 * Computes the value that an expression leaves on top of the stack, as call frame information and DW_AT_call_value
 * require. @param initial the initial stack; the CFA for a register's rule @param frameBase DWARF expression of the
 * function's frame base, for values passed by a call @throws Fault as `evaluateLocation` does
 */
export function evaluateValue(
  bytes: Uint8Array,
  unit: ExpressionUnit,
  machine: Machine,
  initial: readonly bigint[] = [],
  frameBase?: Uint8Array,
): bigint {
  return new Evaluation(unit, machine, frameBase, initial).value(bytes);
}
