import type { Kernel } from "../../../../model/kernel.ts";
import type { Frame, Stack, StackKind, Trap } from "../../../../unwind/frame.ts";

/** What one part of a backtrace shows, innermost first. */
export type Entry =
  /** A numbered frame, and where on the stack the return address to it lies. */
  | { readonly kind: "frame"; readonly frame: Frame; readonly slot: bigint }
  /** Registers that an exception saved, or that a CPU stood with; `frame` is where. */
  | { readonly kind: "registers"; readonly frame: Frame; readonly trap: Trap | undefined }
  /** Registers of user space, at the outer end. */
  | { readonly kind: "user"; readonly trap: Trap }
  /** What lies above is on another stack. */
  | { readonly kind: "switch"; readonly label: string };

/** Functions at which crash begins the stack of a CPU that has stopped: what they call is of no interest. */
const isStop = (frame: Frame): boolean =>
  /^(v?panic|__crash_kexec|crash_kexec|machine_kexec)$/.test(frame.symbol?.name ?? "");

/** A stack as crash shows it: interrupted functions by their registers, panic() without the delay loop within. */
export function entriesOf(kernel: Kernel, stack: Stack): Entry[] {
  const entries: Entry[] = [];
  const frames = fromStop(stack.frames);
  for (const [i, frame] of frames.entries()) {
    const inner = frames[i - 1];
    const switched = inner !== undefined && inner.stack !== frame.stack;
    const interrupted = frame.trap !== undefined || (i === 0 && frame.exact);
    if (interrupted) entries.push({ kind: "registers", frame, trap: frame.trap });
    if (switched) entries.push({ kind: "switch", label: labelOf(inner.stack, frame.trap) });
    // The registers already say where an interrupted function stood.
    if (!interrupted || switched) entries.push({ kind: "frame", frame, slot: slotOf(kernel, frame, switched) });
  }
  if (stack.userTrap) entries.push({ kind: "user", trap: stack.userTrap });
  return entries;
}

function fromStop(frames: readonly Frame[]): readonly Frame[] {
  const trap = frames.findIndex((frame) => frame.trap !== undefined);
  const stop = frames.slice(0, trap < 0 ? undefined : trap).findIndex(isStop);
  const first = frames[stop];
  // Where the CPU stood in the function itself, its registers say more.
  return first && !first.exact ? frames.slice(stop) : frames;
}

/** x86 pushes the return address just below the caller's frame; after a change of stacks it lies on the other. */
function slotOf(kernel: Kernel, frame: Frame, switched: boolean): bigint {
  const pushed = kernel.arch.linkRegister === undefined && !frame.exact && !switched;
  return pushed ? frame.sp - BigInt(kernel.arch.wordSize) : frame.sp;
}

const EXCEPTION_STACKS: Readonly<Record<string, string>> = {
  "double fault": "DOUBLEFAULT",
  "debug exception": "DEBUG",
  "machine check": "MCE",
  "VMM communication exception": "VC",
};

function labelOf(left: StackKind, trap: Trap | undefined): string {
  switch (left) {
    case "nmi":
      return "NMI exception stack";
    case "exception":
      return `${EXCEPTION_STACKS[trap?.type ?? ""] ?? ""} exception stack`.trim();
    case "irq":
      return "IRQ stack";
    case "softirq":
      return "SOFTIRQ stack";
    default:
      return `${left} stack`;
  }
}
