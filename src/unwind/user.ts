/** User mode and kernel mode. */
import type { Registers } from "../arch/arch.ts";
import type { Kernel } from "../model/kernel.ts";

/** Whether the processor ran user code with these registers. */
export const isUser = ({ arch, memory }: Kernel, registers: Registers): boolean =>
  arch.isUserMode(registers) ?? !memory.isKernelAddress(registers.get(arch.pc) ?? 0n);
