/** Exceptions of riscv64: their names. */
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
