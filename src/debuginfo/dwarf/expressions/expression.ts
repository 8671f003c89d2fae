import type { ExpressionUnit, VariableLocation } from "../../source.ts";
import { Evaluation } from "./evaluation.ts";

/** What an expression asks of the frame it is evaluated in. */
export interface Machine {
  /** Run-time minus link address of the image; added to addresses that stand in the expression. */
  readonly bias: bigint;
  /** A register by DWARF number; undefined when the frame's value of it was not saved. */
  register(number: number): bigint | undefined;
  /** `size` bytes of memory. @throws Fault */
  memory(address: bigint, size: number): Uint8Array;
  /** The canonical frame address, when the unwinder knows it. */
  cfa?(): bigint | undefined;
  /**
   * What a register held when the function was entered (DW_OP_entry_value): `CallSite.argument` of the call tells it
   * in the caller's frame. Undefined when that is not known.
   */
  entryValue?(register: number): bigint | undefined;
}

/** Where one part of an object is, or what it is. */
export type Place =
  | { readonly kind: "memory"; readonly address: bigint }
  | { readonly kind: "register"; readonly register: number }
  /** The value itself; the object lies nowhere. */
  | { readonly kind: "value"; readonly value: bigint }
  | { readonly kind: "bytes"; readonly bytes: Uint8Array }
  /** A pointer that was optimised away; what it points at is the variable at an offset of .debug_info. */
  | { readonly kind: "pointer"; readonly variable: number; readonly offset: number }
  /** Optimised out. */
  | { readonly kind: "absent" };

/** A part of an object, first part first. */
export interface Piece {
  readonly place: Place;
  /** Undefined for the whole object. */
  readonly bits: number | undefined;
  /** Bits to skip in the place. */
  readonly bitOffset: number;
}

/**
 * Where a variable is at the pc that its location was asked for.
 * @throws Fault unknown when a register or value that it needs is not known; corrupt when it is no DWARF expression
 */
export function evaluateLocation(
  location: VariableLocation & { readonly kind: "expression" },
  machine: Machine,
): readonly Piece[] {
  return new Evaluation(location.unit, machine, location.frameBase).pieces(location.bytes);
}

/**
 * The value an expression leaves on top of the stack, as call frame information and DW_AT_call_value mean it.
 * @param initial what is on the stack before; the CFA for a register's rule
 * @param frameBase that of the function, for what a call passed
 * @throws Fault as `evaluateLocation` does
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
