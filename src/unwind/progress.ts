import { attempt, Fault } from "../base/fault.ts";
import { hex0x } from "../base/hex.ts";
import type { Kernel } from "../model/kernel.ts";
import type { Obj } from "../model/object.ts";
import type { Cursor } from "./cursor.ts";
import type { StackKind } from "./frame.ts";
import { isInGuardPage, type StackRange, stackAt, taskStackRange } from "./stacks.ts";

/** Functions without a frame of their own leave sp alone; real chains of them are shorter than this. */
const MAX_AT_SAME_SP = 8;

/** Sees to it that a walk goes outwards: on each stack sp only rises, whichever stacks lie between. */
export class Progress {
  private readonly kernel: Kernel;
  private readonly task: Obj | undefined;
  /** Where the walk last was on each stack, by the stack's start. */
  private readonly last = new Map<bigint, bigint>();
  private current: StackRange | undefined;
  private same = 0;

  constructor(kernel: Kernel, task: Obj | undefined) {
    this.kernel = kernel;
    this.task = task;
  }

  /** Goes to a frame and tells which stack it is on. */
  enter({ sp }: Cursor): StackKind {
    const stack = this.stackOf(sp);
    const key = stack?.start ?? 0n;
    this.same = this.last.get(key) === sp ? this.same + 1 : 0;
    this.last.set(key, sp);
    this.current = stack;
    return stack?.kind ?? "unknown";
  }

  /** Why no frame can be there; undefined when there can. */
  refusal({ sp }: Pick<Cursor, "sp">): Fault | undefined {
    const last = this.last.get(this.stackOf(sp)?.start ?? 0n);
    if (last === undefined || sp > last) return undefined;
    if (sp < last) return Fault.at("corrupt", sp, `the stack turns back from ${hex0x(last)} to ${hex0x(sp)}`);
    return this.same < MAX_AT_SAME_SP ? undefined : Fault.at("corrupt", sp, `the stack stays at ${hex0x(sp)}`);
  }

  private stackOf(sp: bigint): StackRange | undefined {
    const { current } = this;
    if (current && sp >= current.start && sp < current.end) return current;
    const found = stackAt(this.kernel, sp, this.task);
    const { task } = this;
    // Nothing lies on a stack that is switched to, or from, at its very end.
    if (!found && sp === current?.end) return current;
    if (found || !task) return found;
    const own = attempt(() => taskStackRange(this.kernel, task));
    return own instanceof Fault || !isInGuardPage(own, sp) ? undefined : own;
  }
}
