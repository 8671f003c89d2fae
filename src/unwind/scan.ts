/** Finds the first frame of a running task that left no registers. */
import { attempt, Fault } from "../base/fault.ts";
import { viewOf } from "../base/bytes.ts";
import type { Kernel } from "../model/kernel.ts";
import type { Obj } from "../model/object.ts";
import { callerCursor, cursorOf } from "./cursor.ts";
import type { Stack } from "./frame.ts";
import { taskStackRange } from "./stacks.ts";
import { unwind } from "./unwind.ts";

/** Maximum number of candidates of the innermost frame. */
const MAX_CANDIDATES = 256;
/** Alignment of stack pointers in bytes, the least of all machines. */
const STACK_ALIGNMENT = 8n;

/**
 * Returns the stack of a task that was interrupted at `pc`, if its stack pointer is not known. Tries every stack pointer
 * from the innermost one, and takes the first from which a walk reaches the end in more than one frame and without
 * another exception, because frames of earlier interrupts are left below the stack pointer. If there is none, for example
 * because the function at `pc` has not set up its frame, the stack begins at the innermost return address.
 *
 * @throws Fault as `scannedStack`
 */
export function stackInterruptedAt(kernel: Kernel, task: Obj, pc: bigint): Stack {
  const { start, end } = taskStackRange(kernel, task);
  for (let sp = start; sp < end; sp += STACK_ALIGNMENT) {
    const registers = new Map([[kernel.arch.pc, pc], [kernel.arch.sp, sp]] as const); // prettier-ignore
    const cursor = cursorOf(kernel, registers, true);
    const stack = cursor && attempt(() => unwind(kernel, cursor, { task, doubt: "scan" }));
    if (stack && isWhole(stack) && stack.frames.length > 1 && isOwn(kernel, stack)) return stack;
  }
  return scannedStack(kernel, task, (stack) => isOwn(kernel, stack));
}

const isWhole = (stack: Stack | Fault): stack is Stack => !(stack instanceof Fault) && stack.fault === undefined;

/**
 * Whether the stack can be that of a task whose own code was interrupted: no exception but the one from user code and
 * the one that led to the panic.
 */
function isOwn({ memory, arch }: Kernel, { frames, userTrap }: Stack): boolean {
  const user = userTrap?.registers.get(arch.pc);
  const panic = frames.findIndex(({ symbol }) => symbol?.name === "panic");
  const isExplained = frames.every(({ trap }, at) => trap === undefined || (panic >= 0 && panic < at));
  return isExplained && (user === undefined || !memory.isKernelAddress(user));
}

/**
 * Returns the stack from the innermost return address from which a walk reaches the end. Values below the real sp can
 * be left from earlier calls, so that the first frames are uncertain. Tries at most MAX_CANDIDATES addresses.
 * @param isPossible whether a stack can be that of the task
 * @throws Fault if the stack cannot be read, or none of these addresses leads to its end
 */
export function scannedStack(kernel: Kernel, task: Obj, isPossible: (stack: Stack) => boolean = () => true): Stack {
  const { start, end } = taskStackRange(kernel, task);
  const bytes = kernel.memory.read(start, Number(end - start));
  const view = viewOf(bytes);
  const word = kernel.arch.wordSize;
  const little = kernel.arch.byteOrder === "little";
  let tried = 0;
  for (let at = 0; at + word <= bytes.length && tried < MAX_CANDIDATES; at += word) {
    const pc = word === 8 ? view.getBigUint64(at, little) : BigInt(view.getUint32(at, little));
    if (pc === 0n || !kernel.code.isText(pc)) continue;
    tried++;
    const stack = attempt(() =>
      unwind(kernel, callerCursor(kernel, pc, start + BigInt(at + word)), { task, doubt: "scan" }),
    );
    if (isWhole(stack) && isPossible(stack)) return stack;
  }
  throw Fault.at(
    "unknown",
    start,
    "the CPU that ran this task left no registers, and no return address on its stack leads to the stack's end",
  );
}
