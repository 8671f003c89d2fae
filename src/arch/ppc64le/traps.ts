/** Exceptions of ppc64le: their names. */
import { nameIn, type TrapNames } from "../trapNames.ts";

/** Source: arch/powerpc/kernel/exceptions-64s.S and interrupt_64.S. */
const names: TrapNames = [
  [/^(system_call|scv_|ret_from_fork)/, "system call"],
  [/^(decrementer|hardware_interrupt|h_virt_irq|doorbell|performance_monitor|h_doorbell|hdecrementer)_/, "interrupt"],
  [/^data_access_/, "data storage fault"],
  [/^instruction_access_/, "instruction storage fault"],
  [/^alignment_/, "alignment fault"],
  [/^program_check_/, "program check"],
  [/^single_step_/, "single step"],
  [/^machine_check_/, "machine check"],
  [/^system_reset_/, "system reset"],
  [/^soft_nmi_/, "NMI"],
  [/^(fp|altivec|vsx)_unavailable|^facility_unavailable/, "facility unavailable"],
];

export const trapName = (entry: string): string | undefined => nameIn(names, entry);
