/** Unwinding from the interrupt stack to that of the interrupted task, by a register that keeps the stack pointer. */
import type { Kernel } from "../model/kernel.ts";
import type { Obj } from "../model/object.ts";
import { cfiRule } from "./cfi.ts";
import { type FrameCursor, lookupAddress, type Step } from "./cursor.ts";
import { stackAt } from "./stacks.ts";
import { storingPrologueRule } from "./storingPrologue.ts";

/**
 * Steps out of the function that switched to the interrupt stack by inline assembly, which call frame information does not
 * describe (do_vint() of arch/loongarch/kernel/traps.c). A function that was on this stack already keeps its own frame.
 */
export function interruptStackRule(kernel: Kernel, cursor: FrameCursor, task: Obj | undefined): Step | undefined {
  const { irqCaller, sp: name } = kernel.arch;
  if (!irqCaller?.name.test(kernel.symbols.at(lookupAddress(cursor))?.name ?? "") || cursor.exact) return undefined;
  const stack = stackAt(kernel, cursor.sp, task);
  const sp = cursor.registers().get(irqCaller.stackPointer);
  // The first word of the stack, at its end, has the stack pointer of the interrupted code.
  if (stack?.kind !== "irq" || stack.end - cursor.sp !== TOP_BYTES || sp === undefined) return undefined;
  const registers = new Map([...cursor.registers(), [name, sp]] as const);
  const switched = { ...cursor, sp, known: registers, registers: () => registers };
  return cfiRule(kernel, switched) ?? storingPrologueRule(kernel, switched);
}

/** Bytes of the stack that are in use when the switch is made: IRQ_STACK_SIZE - IRQ_STACK_START (asm/irq.h). */
const TOP_BYTES = 16n;
