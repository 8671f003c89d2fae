import type { CodePlace } from "../model/kernel.ts";
import { UsageError } from "../base/usageError.ts";
import { crashSite } from "../linux/printk/crashSite.ts";
import type { Frame, Stack } from "../unwind/frame.ts";
import { References } from "./values/references.ts";
import type { Thread } from "./threads.ts";

/** A row of the Call Stack view. */
export interface Row {
  readonly id: number;
  readonly thread: Thread;
  /** Undefined for a label. */
  readonly frame: Frame | undefined;
  /** The function, or the function inlined there; undefined without lines for this pc. */
  readonly place: CodePlace | undefined;
  /** Text of a label: a trap, the end of the stack. */
  readonly label: string | undefined;
  /** Only brings the machine to a stop. */
  readonly machinery: boolean;
}

/** Rows of the threads' stacks; made when asked for, since each row may have to look up its lines. */
export class Frames {
  private readonly rows = new References<Row>();
  private readonly byThread = new Map<number, { readonly rows: Row[]; readonly rest: Generator<Row, void, void> }>();
  private readonly stackOf: (thread: Thread) => Stack;

  constructor(stackOf: (thread: Thread) => Stack) {
    this.stackOf = stackOf;
  }

  /** @throws UsageError when there is no such frame */
  get(id: number): Row {
    const row = this.rows.get(id);
    if (!row) throw new UsageError(`there is no frame ${id}`);
    return row;
  }

  /**
   * Rows `start` to `end` (exclusive) of a thread's stack, as far as there are that many; and how many there are in
   * all, once that is known.
   * @throws Fault when the stack cannot even be begun
   */
  of(
    thread: Thread,
    start: number,
    end: number,
  ): { readonly rows: readonly Row[]; readonly total: number | undefined } {
    let known = this.byThread.get(thread.id);
    if (!known) this.byThread.set(thread.id, (known = { rows: [], rest: this.walk(thread, this.stackOf(thread)) }));
    let complete = false;
    while (known.rows.length < end && !complete) {
      const next = known.rest.next();
      if (next.done) complete = true;
      else known.rows.push(next.value);
    }
    return { rows: known.rows.slice(start, end), total: complete ? known.rows.length : undefined };
  }

  /** Late debuginfo may tell more of stacks that were shown; what a client holds of them stays valid. */
  forget(): void {
    this.byThread.clear();
  }

  private *walk(thread: Thread, { frames, userTrap, fault }: Stack): Generator<Row, void, void> {
    const site = crashSite(frames);
    const label = (text: string): Row =>
      this.row({ thread, frame: undefined, place: undefined, label: text, machinery: false });
    for (const [index, frame] of frames.entries()) {
      const machinery = index < site;
      if (frame.trap) yield label(trapText(frame));
      const places = frame.places();
      for (const place of places.length > 0 ? places : [undefined]) {
        yield this.row({ thread, frame, place, label: undefined, machinery });
      }
    }
    if (userTrap) yield label(`${userTrap.type} from user space`);
    if (fault) yield label(`<${fault.message}>`);
  }

  private row(row: Omit<Row, "id">): Row {
    return this.rows.make((id) => ({ id, ...row }));
  }
}

/** `page fault: write to a page that is not present, address 0x0`. */
function trapText({ trap }: Frame): string {
  const detail = [
    trap?.errorText,
    trap?.faultAddress === undefined ? undefined : `address 0x${trap.faultAddress.toString(16)}`,
  ];
  const details = detail.filter((text) => text !== undefined).join(", ");
  return `${trap?.type ?? "trap"}${details === "" ? "" : `: ${details}`}`;
}
