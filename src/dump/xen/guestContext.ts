/** Reads the registers of a Xen guest's CPUs. */
import { viewOf } from "../../base/bytes.ts";
import type { ProcessorRegisters } from "../processorNotes.ts";

/** sizeof(struct vcpu_guest_context) of x86_64, and positions in it (Xen's include/public/arch-x86/xen.h). */
export const CONTEXT_BYTES = 5168;
/** After fpu_ctxt and flags: struct cpu_user_regs (arch-x86/xen-x86_64.h). Each register has a slot of 8 bytes. */
const USER_REGS = 520;
const USER_REGS_ORDER = [
  ...(["r15", "r14", "r13", "r12", "rbp", "rbx", "r11", "r10", "r9", "r8", "rax", "rcx", "rdx", "rsi", "rdi"] as const),
  ...(["error_code", "rip", "cs", "rflags", "rsp", "ss", "es", "ds", "fs", "gs"] as const),
];
/**
 * Masks of the registers that are smaller than their slots: error_code is a uint32_t, with entry_vector after it;
 * selectors are uint16_t, and saved_upcall_mask is in the slot of cs.
 */
const MASKS: Readonly<Record<string, bigint>> = {
  error_code: 0xffffffffn,
  ...Object.fromEntries(["cs", "ss", "es", "ds", "fs", "gs"].map((name) => [name, 0xffffn])),
};
/** unsigned long ctrlreg[8]. */
const CONTROL = 4984;
const CONTROL_COUNT = 5;

/** Reads one `struct vcpu_guest_context` of x86_64. */
export function contextRegisters(context: Uint8Array): ProcessorRegisters {
  const view = viewOf(context);
  const registers: Record<string, bigint> = {};
  USER_REGS_ORDER.forEach((name, i) => {
    const word = view.getBigUint64(USER_REGS + 8 * i, true);
    registers[name] = word & (MASKS[name] ?? ~0n);
  });
  for (let i = 0; i < CONTROL_COUNT; i++) registers[`cr${i}`] = view.getBigUint64(CONTROL + 8 * i, true);
  return registers;
}
