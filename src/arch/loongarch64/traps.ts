/** Exceptions of loongarch64: their names and codes. */
import type { ExceptionDetails, Registers } from "../arch.ts";
import { nameIn, type TrapNames } from "../trapNames.ts";

/** Entry code and the C functions that it calls. Source: arch/loongarch/kernel/genex.S, entry.S and mm/tlbex.S. */
const names: TrapNames = [
  [/^(handle_sys(call)?|do_syscall|ret_from_(fork|kernel_thread)_asm)$/, "system call"],
  [/^(handle_vint|do_vint|handle_loongarch_irq)$/, "interrupt"],
  [/^(tlb_do_page_fault_[01]|handle_tlb_(load|store|modify|protect)(_ptw)?|do_page_fault)$/, "page fault"],
  [/^(handle|do)_ade$/, "address error"],
  [/^(handle|do)_ale$/, "unaligned access"],
  [/^(handle|do)_bce$/, "bounds check"],
  [/^(handle|do)_bp$/, "breakpoint"],
  [/^(handle|do)_fpe$/, "floating-point exception"],
  [/^(handle|do)_ri$/, "illegal instruction"],
  [/^(handle|do)_(fpu|lsx|lasx|lbt)$/, "disabled unit"],
  [/^(handle|do)_watch$/, "watchpoint"],
  [/^(handle|do)_reserved$/, "exception"],
];

export const trapName = (entry: string): string | undefined => nameIn(names, entry);

/** Fields of ESTAT (LoongArch Reference Manual, volume 1, section 7.4.6). */
const ECODE_SHIFT = 16n;
const ECODE_BITS = 6;
const ESUBCODE_SHIFT = 22n;
const ESUBCODE_BITS = 9;

/** Exceptions that set BADV, by `Ecode` (LoongArch Reference Manual, volume 1, table "Exception encoding"). */
const CODES: ReadonlyMap<number, string> = new Map([
  [1, "read from a page that is not mapped"],
  [2, "write to a page that is not mapped"],
  [3, "instruction fetch from a page that is not mapped"],
  [4, "write to a page that is not writable"],
  [5, "read from a page that is not readable"],
  [6, "instruction fetch from a page that is not executable"],
  [7, "access to a page of a higher privilege"],
  [8, "access to an address that is not canonical"],
  [9, "unaligned access"],
  [10, "access out of the bounds that the instruction checks"],
]);
/** An address error is that of an instruction fetch with `EsubCode` 0. */
const ADDRESS_ERROR = 8;

const codeOf = (estat: bigint): number => Number(BigInt.asUintN(ECODE_BITS, estat >> ECODE_SHIFT));

/** Entry code saves ESTAT and BADV with the registers. */
export function exceptionDetails(saved: Registers): ExceptionDetails | undefined {
  const [errorCode, faultAddress] = [saved.get("estat"), saved.get("badv")];
  return errorCode !== undefined && CODES.has(codeOf(errorCode)) ? { errorCode, faultAddress } : undefined;
}

export function errorText(_type: string, estat: bigint): string | undefined {
  const isFetch = BigInt.asUintN(ESUBCODE_BITS, estat >> ESUBCODE_SHIFT) === 0n;
  if (codeOf(estat) === ADDRESS_ERROR && isFetch) return "instruction fetch from an address that is not canonical";
  return CODES.get(codeOf(estat));
}

export const isWriteFault = (estat: bigint): boolean => [2, 4].includes(codeOf(estat));
