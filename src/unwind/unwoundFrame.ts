/** Frames during a walk. */
import type { Registers } from "../arch/arch.ts";
import { Fault } from "../base/fault.ts";
import type { KSymbol } from "../debuginfo/source.ts";
import type { CodePlace, Kernel } from "../model/kernel.ts";
import { type FrameCursor, lookupAddress, type Step } from "./cursor.ts";
import type { Frame, StackKind, Trap } from "./frame.ts";

/** How the walk reached a frame. */
export interface Arrival {
  readonly cursor: FrameCursor;
  readonly trap: Trap | undefined;
  readonly doubt: string | undefined;
}

/** A frame of a walk. Costly properties are computed at first use. */
export class UnwoundFrame implements Frame {
  readonly pc: bigint;
  readonly sp: bigint;
  readonly cfa: bigint | undefined;
  readonly exact: boolean;
  readonly stack: StackKind;
  readonly trap: Trap | undefined;
  readonly doubt: string | undefined;
  /** The caller; set when the walk reaches it. */
  caller: Frame | undefined;
  private readonly kernel: Kernel;
  private readonly cursor: FrameCursor;

  constructor(kernel: Kernel, { cursor, trap, doubt }: Arrival, stack: StackKind, step: Step | Fault) {
    this.kernel = kernel;
    this.cursor = cursor;
    this.pc = cursor.pc;
    this.sp = cursor.sp;
    this.exact = cursor.exact;
    this.cfa = !(step instanceof Fault) && step.kind === "caller" ? step.cfa : undefined;
    this.stack = stack;
    this.trap = trap;
    this.doubt = doubt;
  }

  get registers(): Registers {
    return this.cursor.registers();
  }

  get symbol(): KSymbol | undefined {
    return this.kernel.symbols.at(lookupAddress(this.cursor));
  }

  places(): readonly CodePlace[] {
    return this.kernel.code.scopes(lookupAddress(this.cursor));
  }
}
