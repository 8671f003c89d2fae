/** Rows of the Call Stack view, with the ids by which a client refers to them. */
import type { CodePlace, Kernel } from "../model/kernel.ts";
import { UsageError } from "../base/usageError.ts";
import type { Frame, Stack } from "../unwind/frame.ts";
import { machineryOf } from "./machinery.ts";
import { References } from "./values/references.ts";
import type { Thread } from "./threads.ts";

/** A row of the Call Stack view: a frame, or a label between frames. */
export interface FrameRow {
  readonly id: number;
  readonly thread: Thread;
  /** The frame. Undefined for a label. */
  readonly frame: Frame | undefined;
  /** The function at the pc, or a function inlined there. Undefined without line information for the pc. */
  readonly place: CodePlace | undefined;
  /** Text of a label: a trap, the trap from user space, or the fault that ends the stack. */
  readonly label: string | undefined;
  /** Why a client folds the row; undefined for a row that is always shown. See `Machinery`. */
  readonly machinery: string | undefined;
}

/** The rows of all threads' stacks. They are made on request, because each row may need a look-up of lines. */
export class Frames {
  private readonly rows = new References<FrameRow>();
  private readonly byThread = new Map<
    number,
    { readonly rows: FrameRow[]; readonly rest: Generator<FrameRow, void, void>; isComplete: boolean }
  >();
  private readonly kernel: Kernel;
  private readonly stackOf: (thread: Thread) => Stack;

  constructor(kernel: Kernel, stackOf: (thread: Thread) => Stack) {
    this.kernel = kernel;
    this.stackOf = stackOf;
  }

  /** Returns the row with this id. @throws UsageError for an unknown id */
  get(id: number): FrameRow {
    const row = this.rows.get(id);
    if (!row) throw new UsageError(`there is no frame ${id}`);
    return row;
  }

  /**
   * Returns the rows `start` to `end` (exclusive) of a thread's stack, and the total count; `total` is undefined until a
   * call has reached the end of the stack.
   *
   * @throws Fault when the stack has no first frame
   */
  of(
    thread: Thread,
    start: number,
    end: number,
  ): { readonly rows: readonly FrameRow[]; readonly total: number | undefined } {
    let known = this.byThread.get(thread.id);
    if (!known)
      this.byThread.set(
        thread.id,
        (known = { rows: [], rest: this.walk(thread, this.stackOf(thread)), isComplete: false }),
      );
    while (known.rows.length < end && !known.isComplete) {
      const next = known.rest.next();
      if (next.done) known.isComplete = true;
      else known.rows.push(next.value);
    }
    return { rows: known.rows.slice(start, end), total: known.isComplete ? known.rows.length : undefined };
  }

  /** Drops the cached rows, because new debuginfo may give more of them. Ids that a client holds stay valid. */
  forget(): void {
    this.byThread.clear();
  }

  private *walk(thread: Thread, { frames, userTrap, fault }: Stack): Generator<FrameRow, void, void> {
    const { count, origin } = machineryOf(this.kernel, thread, frames);
    const label = (text: string): FrameRow =>
      this.row({ thread, frame: undefined, place: undefined, label: text, machinery: undefined });
    for (const [index, frame] of frames.entries()) {
      const machinery = index < count ? origin : undefined;
      if (frame.trap) yield label(trapText(frame));
      const places = frame.places();
      for (const place of places.length > 0 ? places : [undefined]) {
        yield this.row({ thread, frame, place, label: undefined, machinery });
      }
    }
    if (userTrap) yield label(`${userTrap.type} from user space`);
    if (fault) yield label(`<${fault.message}>`);
  }

  private row(row: Omit<FrameRow, "id">): FrameRow {
    return this.rows.make((id) => ({ id, ...row }));
  }
}

/** Returns the label of a trap: `page fault: write to a page that is not present, address 0x0`. */
function trapText({ trap }: Frame): string {
  const detail = [
    trap?.errorText,
    trap?.faultAddress === undefined ? undefined : `address 0x${trap.faultAddress.toString(16)}`,
  ];
  const details = detail.filter((text) => text !== undefined).join(", ");
  return `${trap?.type ?? "trap"}${details === "" ? "" : `: ${details}`}`;
}
