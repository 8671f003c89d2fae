/** The interface of unwinding rules. */
import type { Registers } from "../arch/arch.ts";
import type { Kernel } from "../model/kernel.ts";
import type { Obj } from "../model/object.ts";

/** State of a frame that one unwinding step needs. */
export interface FrameCursor {
  readonly pc: bigint;
  readonly sp: bigint;
  /** Registers needed for stepping: always pc and sp, and the frame pointer if known. */
  readonly known: Registers;
  /** All known registers, including `known`. Reading them can cost more than the step. */
  readonly registers: () => Registers;
  /** Whether pc is the current instruction, not a return address. */
  readonly exact: boolean;
}

/** What a rule returns about the caller of a frame. */
export type Step =
  | { readonly kind: "caller"; readonly cursor: FrameCursor; readonly cfa: bigint | undefined; readonly doubt?: string }
  /** An exception or interrupt is between the frames; `address` is that of its `struct pt_regs`, if complete. */
  | {
      readonly kind: "interrupted";
      readonly registers: Registers;
      readonly address: bigint | undefined;
      readonly exact: boolean;
    }
  /** The last frame was the outermost. */
  | { readonly kind: "end" };

/**
 * A rule of unwinding. Rules are tried in order.
 * @param task the task of the stack, if known
 * @returns undefined if the rule does not apply
 * @throws Fault if it applies and memory cannot be read
 */
export type Rule = (kernel: Kernel, cursor: FrameCursor, task: Obj | undefined) => Step | undefined;

/** Returns a cursor with these registers, which are all that are known; undefined without pc or sp. */
export function cursorOf(kernel: Kernel, registers: Registers, exact: boolean): FrameCursor | undefined {
  const pc = registers.get(kernel.arch.pc);
  const sp = registers.get(kernel.arch.sp);
  return pc === undefined || sp === undefined
    ? undefined
    : { pc, sp, known: registers, registers: () => registers, exact };
}

/**
 * Returns the cursor of a caller, at its return address. @param more registers that are known besides pc and sp, such
 * as the frame pointer
 */
export function callerCursor({ arch }: Kernel, pc: bigint, sp: bigint, more: Registers = new Map()): FrameCursor {
  const known = new Map([...more, [arch.pc, pc], [arch.sp, sp]] as const);
  return { pc, sp, known, registers: () => known, exact: false };
}

/**
 * Returns the address for lookups of rules, symbol and line: a return address can already belong to the next function.
 */
export const lookupAddress = ({ pc, exact }: { readonly pc: bigint; readonly exact: boolean }): bigint =>
  exact ? pc : pc - 1n;

/** Wraps the result of an address calculation at the machine's word size. */
export const wrap = (kernel: Kernel, value: bigint): bigint => BigInt.asUintN(kernel.arch.wordSize * 8, value);
