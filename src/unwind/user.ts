import type { Registers } from "../arch/arch.ts";
import type { Kernel } from "../model/kernel.ts";

/** The problem-state bit of an s390x PSW. */
const PSW_MASK_PSTATE = 0x0001000000000000n;

/** Whether the processor ran user code with these registers. */
export function isUser(kernel: Kernel, registers: Registers): boolean {
  switch (kernel.arch.name) {
    case "x86_64":
      // The lowest bits of cs are the privilege level.
      if (registers.has("cs")) return ((registers.get("cs") ?? 0n) & 3n) === 3n;
      break;
    case "arm64":
      if (registers.has("pstate")) return ((registers.get("pstate") ?? 0n) & 0xfn) === 0n;
      break;
    case "arm":
      if (registers.has("cpsr")) return ((registers.get("cpsr") ?? 0n) & 0xfn) === 0n;
      break;
    case "s390x":
      if (registers.has("pswm")) return ((registers.get("pswm") ?? 0n) & PSW_MASK_PSTATE) !== 0n;
      break;
  }
  return !kernel.memory.isKernelAddress(registers.get(kernel.arch.pc) ?? 0n);
}
