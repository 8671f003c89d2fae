import type { Registers } from "../arch/arch.ts";
import type { Fault } from "../base/fault.ts";
import type { CodePlace } from "../model/kernel.ts";
import type { KSymbol } from "../debuginfo/source.ts";

/** The stack a frame lies on. */
export type StackKind = "task" | "irq" | "softirq" | "nmi" | "exception" | "overflow" | "entry" | "unknown";

/** An interrupted context: registers that an exception or interrupt saved. */
export interface Trap {
  /** "page fault", "NMI", "interrupt", "system call", "invalid opcode"... as far as entry code and error code tell. */
  readonly type: string;
  readonly registers: Registers;
  /** Where `struct pt_regs` lies; undefined when registers came from a CPU note. */
  readonly address: bigint | undefined;
  /** Hardware error code (x86 `orig_ax` of an exception, arm64 ESR), when there is one. */
  readonly errorCode: bigint | undefined;
  /** The error code in words: "write to a page that is not present, kernel mode". */
  readonly errorText: string | undefined;
  /** Faulting address of a page fault (CR2, FAR), where it was saved. */
  readonly faultAddress: bigint | undefined;
  /** The interrupted context was user space: unwinding ends here. */
  readonly user: boolean;
}

/** A real (not inlined) frame. */
export interface Frame {
  readonly pc: bigint;
  readonly sp: bigint;
  /** Canonical frame address, when the unwinder knows it: the caller's sp. */
  readonly cfa: bigint | undefined;
  /** Registers known in this frame, pc and sp included. */
  readonly registers: Registers;
  /**
   * pc is where execution stood (the first frame of a running CPU, or what an exception interrupted),
   * not a return address: look it up as it is, else at pc - 1.
   */
  readonly exact: boolean;
  readonly symbol: KSymbol | undefined;
  readonly stack: StackKind;
  /** This frame was interrupted: the trap frame between it and the frame before (inner to it). */
  readonly trap: Trap | undefined;
  /** The frame that called this one; undefined at the outer end, and where it interrupted the next or that is doubtful. */
  readonly caller: Frame | undefined;
  /** How this frame was found when not by its caller's exact rules: "frame pointer", "scan". */
  readonly doubt: string | undefined;
  /** Function and inlined functions at this pc, innermost first; empty without DWARF. Computed when first asked. */
  places(): readonly CodePlace[];
}

export interface Stack {
  /** Innermost first; kernel frames only. */
  readonly frames: readonly Frame[];
  /** The trap into the kernel from user space, at the outer end, when the stack has one. */
  readonly userTrap: Trap | undefined;
  /** Why the walk ended early; undefined when it reached the end. */
  readonly fault: Fault | undefined;
}
