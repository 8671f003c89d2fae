/** Frames of a kernel stack. */
import type { Registers } from "../arch/arch.ts";
import type { Fault } from "../base/fault.ts";
import type { CodePlace } from "../model/kernel.ts";
import type { KSymbol } from "../debuginfo/source.ts";

/** The stack that contains a frame. */
export type StackKind = "task" | "irq" | "softirq" | "nmi" | "exception" | "overflow" | "entry" | "unknown";

/** Registers of interrupted code, saved by an exception or interrupt. */
export interface Trap {
  /** Name from entry code and error code: "page fault", "NMI", "interrupt", "system call", "invalid opcode". */
  readonly type: string;
  readonly registers: Registers;
  /** Address of `struct pt_regs`; undefined if the registers are from a CPU's note. */
  readonly address: bigint | undefined;
  /** Hardware error code (x86 `orig_ax` of an exception, arm64 ESR), if there is one. */
  readonly errorCode: bigint | undefined;
  /** Description of the error code: "write to a page that is not present, kernel mode". */
  readonly errorText: string | undefined;
  /** Faulting address of a page fault (CR2, FAR), if it was saved. */
  readonly faultAddress: bigint | undefined;
  /** Whether user code was interrupted: unwinding ends here. */
  readonly user: boolean;
}

/** A frame of a function that is not inlined. */
export interface Frame {
  readonly pc: bigint;
  readonly sp: bigint;
  /** Canonical frame address (the caller's sp), if known. */
  readonly cfa: bigint | undefined;
  /** Known registers of this frame, including pc and sp. */
  readonly registers: Registers;
  /**
   * Whether pc is the current instruction (the first frame of a running CPU, or interrupted code), not a return
   * address. Look up an exact pc unchanged, a return address minus 1.
   */
  readonly exact: boolean;
  readonly symbol: KSymbol | undefined;
  readonly stack: StackKind;
  /** The trap that interrupted this frame; its handler is the next inner frame. */
  readonly trap: Trap | undefined;
  /**
   * The frame that called this one; undefined for the outermost frame, and where this frame interrupted the next one or
   * that is uncertain.
   */
  readonly caller: Frame | undefined;
  /** How this frame was found if that is uncertain: "frame pointer", "frame record", "prologue", "scan". */
  readonly doubt: string | undefined;
  /**
   * Returns the function and inlined functions at this pc, innermost first; empty without DWARF. Computed at the first
   * call.
   */
  places(): readonly CodePlace[];
}

export interface Stack {
  /** Kernel frames, innermost first. */
  readonly frames: readonly Frame[];
  /** The trap from user space at the outer end, if the stack has one. */
  readonly userTrap: Trap | undefined;
  /** Why the walk ended early; undefined if it reached the end. */
  readonly fault: Fault | undefined;
}
