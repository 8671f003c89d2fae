/** Exceptions of riscv64: their names and causes. */
import type { ExceptionDetails, Registers } from "../arch.ts";
import { nameIn, type TrapNames } from "../trapNames.ts";

/** C functions that handle_exception calls. Source: arch/riscv/kernel/entry.S and traps.c. */
const names: TrapNames = [
  [/^do_trap_ecall_u$/, "system call"],
  [/^(do_irq|handle_riscv_irq|riscv_intc_irq|do_IRQ)$/, "interrupt"],
  [/^do_page_fault$/, "page fault"],
  [/^do_trap_insn_misaligned$/, "misaligned instruction"],
  [/^do_trap_insn_fault$/, "instruction access fault"],
  [/^do_trap_insn_illegal$/, "illegal instruction"],
  [/^do_trap_load_misaligned$/, "misaligned load"],
  [/^do_trap_load_fault$/, "load access fault"],
  [/^do_trap_store_misaligned$/, "misaligned store"],
  [/^do_trap_store_fault$/, "store access fault"],
  [/^do_trap_break$/, "breakpoint"],
  [/^do_trap_(software_check|unknown|ecall_[sm])$/, "exception"],
  [/^handle_bad_stack$/, "stack overflow"],
  [/^ret_from_(fork|exception)|^syscall_exit_to_user_mode/, "system call"],
];

export const trapName = (entry: string): string | undefined => nameIn(names, entry);

/** Exceptions that set `stval` to an address, by `scause` (RISC-V privileged architecture, table "scause values"). */
const CAUSES: ReadonlyMap<bigint, string> = new Map([
  [0n, "misaligned instruction"],
  [1n, "instruction fetch that is not allowed"],
  [4n, "misaligned read"],
  [5n, "read that is not allowed"],
  [6n, "misaligned write"],
  [7n, "write that is not allowed"],
  [12n, "instruction fetch from a page that is not mapped or does not allow it"],
  [13n, "read from a page that is not mapped or does not allow it"],
  [15n, "write to a page that is not mapped or does not allow it"],
]);

/** Entry code saves `scause` and `stval` with the registers. */
export function exceptionDetails(saved: Registers): ExceptionDetails | undefined {
  const [errorCode, faultAddress] = [saved.get("cause"), saved.get("badaddr")];
  return errorCode !== undefined && CAUSES.has(errorCode) ? { errorCode, faultAddress } : undefined;
}

export const errorText = (_type: string, cause: bigint): string | undefined => CAUSES.get(cause);

export const isWriteFault = (cause: bigint): boolean => cause === 6n || cause === 7n || cause === 15n;
