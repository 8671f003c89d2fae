/** Exceptions of i386: their names. */
import { trapName as x86TrapName } from "../x86_64/traps.ts";

/**
 * Returns the name of the exception, interrupt or system call whose entry code is the symbol; undefined if it is not
 * entry code. All exceptions pass through handle_exception, so the C function that it calls is used
 * (arch/x86/entry/entry_32.S).
 */
export function trapName(entry: string): string | undefined {
  if (/^(ret_from_fork|syscall_return_slowpath|do_(fast|int80)_syscall_32|entry_32)/.test(entry)) return "system call";
  if (/^(handle_exception|common_exception)/.test(entry)) return undefined;
  if (entry === "do_page_fault") return "page fault";
  return x86TrapName(entry.replace(/^exc_/, "asm_exc_"));
}
