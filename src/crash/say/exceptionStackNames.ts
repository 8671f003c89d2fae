/** Crash's names for the stacks of x86_64's interrupt stack table. */

/** Names by the member of `struct cea_exception_stacks` (arch/x86/include/asm/cpu_entry_area.h), in its order. */
export const exceptionStackNames: ReadonlyMap<string, string> = new Map([
  ["DF_stack", "DOUBLEFAULT"],
  ["NMI_stack", "NMI"],
  ["DB_stack", "DEBUG"],
  ["MCE_stack", "MCE"],
  ["VC_stack", "VC"],
  ["VC2_stack", "VC2"],
]);
