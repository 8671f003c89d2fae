/** Exceptions of ppc64le: their names and causes. */
import type { ExceptionDetails, Registers } from "../arch.ts";
import { nameIn, type TrapNames } from "../trapNames.ts";

const DATA_STORAGE = "data storage fault";

/** Source: arch/powerpc/kernel/exceptions-64s.S and interrupt_64.S. */
const names: TrapNames = [
  [/^(system_call|scv_|ret_from_fork)/, "system call"],
  [/^(decrementer|hardware_interrupt|h_virt_irq|doorbell|performance_monitor|h_doorbell|hdecrementer)_/, "interrupt"],
  [/^data_access_/, DATA_STORAGE],
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

/** Vectors of exceptions that set DAR, and those of them that set DSISR (Power ISA 3.1, book III, section 7.5). */
const WITH_DSISR: ReadonlySet<bigint> = new Set([0x300n, 0x600n]);
const WITH_DAR: ReadonlySet<bigint> = new Set([...WITH_DSISR, 0x380n]);
/** The lowest bits of `pt_regs.trap` are flags of entry code (arch/powerpc/include/asm/ptrace.h). */
const TRAP_FLAGS = 0xfn;

/** Entry code saves DAR and DSISR with the registers. */
export function exceptionDetails(saved: Registers): ExceptionDetails | undefined {
  const vector = (saved.get("trap") ?? 0n) & ~TRAP_FLAGS;
  if (!WITH_DAR.has(vector)) return undefined;
  return { errorCode: WITH_DSISR.has(vector) ? saved.get("dsisr") : undefined, faultAddress: saved.get("dar") };
}

/** Bits of DSISR after a data storage fault (arch/powerpc/include/asm/reg.h). */
const DSISR_NOHPTE = 0x40000000n;
const DSISR_PROTFAULT = 0x08000000n;
const DSISR_ISSTORE = 0x02000000n;

export const isWriteFault = (dsisr: bigint): boolean => (dsisr & DSISR_ISSTORE) !== 0n;

export function errorText(type: string, dsisr: bigint): string | undefined {
  if (type !== DATA_STORAGE) return undefined;
  const access = isWriteFault(dsisr) ? "write to" : "read from";
  if ((dsisr & DSISR_NOHPTE) !== 0n) return `${access} a page that is not mapped`;
  return (dsisr & DSISR_PROTFAULT) === 0n ? undefined : `${access} a page that does not allow it`;
}
