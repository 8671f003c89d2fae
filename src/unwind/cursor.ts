import type { Registers } from "../arch/arch.ts";
import type { Kernel } from "../model/kernel.ts";
import type { Obj } from "../model/object.ts";

/** A place on a stack: what one unwinding step needs to know of a frame. */
export interface Cursor {
  readonly pc: bigint;
  readonly sp: bigint;
  /** Registers that stepping itself needs: always pc, sp and, where known, the frame pointer. */
  readonly known: Registers;
  /** All registers that can be told, those of `known` among them; may cost more than the step did. */
  readonly registers: () => Registers;
  /** pc is where execution stood and no return address. */
  readonly exact: boolean;
}

/** What a rule tells of the frame outside the one asked for. */
export type Step =
  | { readonly kind: "caller"; readonly cursor: Cursor; readonly cfa: bigint | undefined; readonly doubt?: string }
  /** An exception or interrupt came in between; `address` is that of its `struct pt_regs`, where it is whole. */
  | {
      readonly kind: "interrupted";
      readonly registers: Registers;
      readonly address: bigint | undefined;
      readonly exact: boolean;
    }
  /** The outermost frame was the last. */
  | { readonly kind: "end" };

/**
 * One way to unwind. Rules are tried in order.
 * @param task whose stack it is, where that is known
 * @returns undefined when it does not apply
 * @throws Fault when it applies and memory does not answer
 */
export type Rule = (kernel: Kernel, cursor: Cursor, task: Obj | undefined) => Step | undefined;

/** A cursor whose registers are all known already. */
export function cursorOf(kernel: Kernel, registers: Registers, exact: boolean): Cursor | undefined {
  const pc = registers.get(kernel.arch.pc);
  const sp = registers.get(kernel.arch.sp);
  return pc === undefined || sp === undefined
    ? undefined
    : { pc, sp, known: registers, registers: () => registers, exact };
}

/** The address whose rules, symbol and line hold for a frame: a return address may already be the next function's. */
export const lookupAddress = ({ pc, exact }: { readonly pc: bigint; readonly exact: boolean }): bigint =>
  exact ? pc : pc - 1n;

/** Sums wrap as the target's do. */
export const wrap = (kernel: Kernel, value: bigint): bigint => BigInt.asUintN(kernel.arch.wordSize * 8, value);
