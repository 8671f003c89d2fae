/** The entries of a backtrace: frames, saved registers and changes of stack, in crash's order. */
import type { Kernel } from "../../../../model/kernel.ts";
import type { Frame, Stack, StackKind, Trap } from "../../../../unwind/frame.ts";

/** An entry of a backtrace. Entries are sorted from the innermost outwards. */
export type BacktraceEntry =
  /** A numbered frame, and the address of the stack slot that holds its return address. */
  | { readonly kind: "frame"; readonly frame: Frame; readonly slot: bigint }
  /** Registers that an exception saved, or the registers of a stopped CPU; `frame` is the frame that they belong to. */
  | { readonly kind: "registers"; readonly frame: Frame; readonly trap: Trap | undefined }
  /** Registers of user space, at the outer end. */
  | { readonly kind: "user"; readonly trap: Trap }
  /** A change of stacks: the entries before this one are on another stack. */
  | { readonly kind: "switch"; readonly label: string };

/** Returns a stack as crash shows it: interrupted functions by their registers. @param stack from its stop function */
export function entriesOf(kernel: Kernel, stack: Stack): BacktraceEntry[] {
  const entries: BacktraceEntry[] = [];
  for (const [i, frame] of stack.frames.entries()) {
    const inner = stack.frames[i - 1];
    const isSwitch = inner !== undefined && inner.stack !== frame.stack;
    const isInterrupted = frame.trap !== undefined || (i === 0 && frame.exact);
    if (isInterrupted) entries.push({ kind: "registers", frame, trap: frame.trap });
    if (isSwitch) entries.push({ kind: "switch", label: stackLabel(inner.stack, frame.trap) });
    // The registers already show the position in the interrupted function.
    if (!isInterrupted || isSwitch) entries.push({ kind: "frame", frame, slot: slotOf(kernel, frame, isSwitch) });
  }
  if (stack.userTrap) entries.push({ kind: "user", trap: stack.userTrap });
  return entries;
}

/**
 * Returns the address of the slot that holds a frame's return address. x86 pushes it directly below the caller's frame,
 * except after a change of stacks, when it is on the other stack.
 */
function slotOf(kernel: Kernel, frame: Frame, switched: boolean): bigint {
  const isPushed = kernel.arch.linkRegister === undefined && !frame.exact && !switched;
  return isPushed ? frame.sp - BigInt(kernel.arch.wordSize) : frame.sp;
}

const EXCEPTION_STACKS: Readonly<Record<string, string>> = {
  "double fault": "DOUBLEFAULT",
  "debug exception": "DEBUG",
  "machine check": "MCE",
  "VMM communication exception": "VC",
};

function stackLabel(left: StackKind, trap: Trap | undefined): string {
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
