/** Exceptions of arm: their names. */
import { nameIn, type TrapNames } from "../trapNames.ts";

/** Source: arch/arm/kernel/entry-armv.S and entry-common.S. */
const names: TrapNames = [
  [/^__irq_/, "interrupt"],
  [/^__fiq_/, "FIQ"],
  [/^__dabt_/, "data abort"],
  [/^__pabt_/, "prefetch abort"],
  [/^__und_/, "undefined instruction"],
  // __entry_text_start is a symbol of the linker script for the first code of .entry.text, which is ret_fast_syscall.
  [/^(vector_swi|__entry_text_start|ret_fast_syscall|ret_to_user|sys_\w+_wrapper|__sys_trace)/, "system call"],
];

export const trapName = (entry: string): string | undefined => nameIn(names, entry);
