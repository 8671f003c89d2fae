/** Exceptions of mips64el: their names and codes. */
import type { ExceptionDetails, Registers } from "../arch.ts";
import { nameIn, type TrapNames } from "../trapNames.ts";

/** Entry code and the C functions that it calls. Source: arch/mips/kernel/genex.S, entry.S, scall64-n64.S and mm/tlbex.c. */
const names: TrapNames = [
  [/^(handle_sys(64|n32|32)?|syscall_common|ret_from_(fork|kernel_thread))$/, "system call"],
  [/^((rollback_)?handle_int|except_vec_vi\w*|plat_irq_dispatch|do_IRQ)$/, "interrupt"],
  [/^(tlb_do_page_fault_[01]|handle_tlb[lms]|do_page_fault)$/, "page fault"],
  [/^(handle_ade[ls]|do_ade)$/, "address error"],
  [/^(handle_[id]be|do_be)$/, "bus error"],
  [/^(handle|do)_bp$/, "breakpoint"],
  [/^(handle|do)_tr$/, "trap"],
  [/^(handle|do)_(fpe|msa_fpe)$/, "floating-point exception"],
  [/^(handle|do)_ri$/, "illegal instruction"],
  [/^(handle|do)_ov$/, "overflow"],
  [/^(handle|do)_cpu$/, "disabled unit"],
  [/^(handle|do)_(watch|mcheck|reserved)$/, "exception"],
];

export const trapName = (entry: string): string | undefined => nameIn(names, entry);

/** Exceptions that set BadVAddr, by `ExcCode` (MIPS64 Privileged Resource Architecture, table "Cause Register ExcCode Field"). */
const CODES: ReadonlyMap<number, string> = new Map([
  [1, "write to a page that is not writable"],
  [2, "read or instruction fetch from a page that is not mapped"],
  [3, "write to a page that is not mapped"],
  [4, "read or instruction fetch from an address that is not aligned or not allowed"],
  [5, "write to an address that is not aligned or not allowed"],
  [19, "read from a page that is not readable"],
  [20, "instruction fetch from a page that is not executable"],
]);

const EXC_CODE_SHIFT = 2n;
const EXC_CODE_BITS = 5;
const codeOf = (cause: bigint): number => Number(BigInt.asUintN(EXC_CODE_BITS, cause >> EXC_CODE_SHIFT));

/** Entry code saves Cause and BadVAddr with the registers. */
export function exceptionDetails(saved: Registers): ExceptionDetails | undefined {
  const [errorCode, faultAddress] = [saved.get("cause"), saved.get("badvaddr")];
  return errorCode !== undefined && CODES.has(codeOf(errorCode)) ? { errorCode, faultAddress } : undefined;
}

export const errorText = (_type: string, cause: bigint): string | undefined => CODES.get(codeOf(cause));

export const isWriteFault = (cause: bigint): boolean => [1, 3, 5].includes(codeOf(cause));
