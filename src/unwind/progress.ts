/** Checks that a stack walk makes progress. */
import { attempt, Fault } from "../base/fault.ts";
import { hex0x } from "../base/hex.ts";
import type { Kernel } from "../model/kernel.ts";
import type { Obj } from "../model/object.ts";
import type { FrameCursor } from "./cursor.ts";
import type { StackKind } from "./frame.ts";
import { isInGuardPage, type StackRange, stackAt, taskStackRange } from "./stacks.ts";

/** Maximum number of consecutive functions without a frame, which do not change sp; real chains are shorter. */
const MAX_AT_SAME_SP = 8;

/** Checks that a walk goes outwards: on each stack sp only rises, even if the walk leaves the stack and returns. */
export class Progress {
  private readonly kernel: Kernel;
  private readonly task: Obj | undefined;
  /** Last sp of the walk on each stack, by the stack's start. */
  private readonly last = new Map<bigint, bigint>();
  private current: StackRange | undefined;
  /** Number of consecutive frames after the first that have the same sp. */
  private same = 0;

  constructor(kernel: Kernel, task: Obj | undefined) {
    this.kernel = kernel;
    this.task = task;
  }

  /** Records a frame and returns its stack. */
  enter({ sp }: FrameCursor): StackKind {
    const stack = this.stackOf(sp);
    const key = stack?.start ?? 0n;
    this.same = this.last.get(key) === sp ? this.same + 1 : 0;
    this.last.set(key, sp);
    this.current = stack;
    return stack?.kind ?? "unknown";
  }

  /** Returns why a frame is impossible there; undefined if it is possible. */
  refusal({ sp }: Pick<FrameCursor, "sp">): Fault | undefined {
    const last = this.last.get(this.stackOf(sp)?.start ?? 0n);
    if (last === undefined || sp > last) return undefined;
    if (sp < last)
      return Fault.at("corrupt", sp, `the stack pointer falls from ${hex0x(last)} to ${hex0x(sp)} on the same stack`);
    return this.same < MAX_AT_SAME_SP
      ? undefined
      : Fault.at("corrupt", sp, `more than ${MAX_AT_SAME_SP} frames have the stack pointer ${hex0x(sp)}`);
  }

  private stackOf(sp: bigint): StackRange | undefined {
    const { current } = this;
    if (current && sp >= current.start && sp < current.end) return current;
    const found = stackAt(this.kernel, sp, this.task);
    const { task } = this;
    // A frame cannot be at the very end of a stack.
    if (!found && sp === current?.end) return current;
    if (found || !task) return found;
    const own = attempt(() => taskStackRange(this.kernel, task));
    return own instanceof Fault || !isInGuardPage(own, sp) ? undefined : own;
  }
}
