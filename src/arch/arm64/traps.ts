/** Exceptions of arm64: their names and syndromes. */
import { nameIn, type TrapNames } from "../trapNames.ts";

/** arch/arm64/kernel/entry.S names the kind of exception, the handler in entry-common.c its cause. */
const names: TrapNames = [
  [/^__bad_stack|^handle_bad_stack$/, "stack overflow"],
  [/^el\d.*_irq|_interrupt$/, "interrupt"],
  [/^el\d.*_fiq/, "FIQ"],
  [/^el\d.*_error/, "SError"],
  [/^el\d_svc/, "system call"],
  // One handler serves aborts of data and of instructions; the syndrome distinguishes them.
  [/^el\d_abort$|^do_mem_abort/, "memory abort"],
  [/^el\d_da$/, "data abort"],
  [/^el\d_ia$/, "instruction abort"],
  [/^el\d_undef/, "undefined instruction"],
  [/^el\d_(brk|dbg|breakpt|softstp|watchpt)/, "debug exception"],
  [/^el\d_(pc|sp)$/, "alignment fault"],
  [/^el\d_(bti|fpac|gcs|mops|sys|inv)/, "exception"],
];

export const trapName = (entry: string): string | undefined => nameIn(names, entry);

/** ESR_ELx.EC (Arm Architecture Reference Manual, ESR_EL1; arch/arm64/include/asm/esr.h). */
const exceptionClasses = new Map<number, string>([
  [0x00, "unknown reason"],
  [0x0d, "branch target exception"],
  [0x0e, "illegal execution state"],
  [0x15, "SVC"],
  [0x18, "trapped system register"],
  [0x19, "trapped SVE"],
  [0x1c, "pointer authentication failure"],
  [0x20, "instruction abort"],
  [0x21, "instruction abort"],
  [0x22, "pc alignment fault"],
  [0x24, "data abort"],
  [0x25, "data abort"],
  [0x26, "sp alignment fault"],
  [0x2f, "SError"],
  [0x30, "breakpoint"],
  [0x31, "breakpoint"],
  [0x32, "software step"],
  [0x33, "software step"],
  [0x34, "watchpoint"],
  [0x35, "watchpoint"],
  [0x3c, "BRK"],
]);

/** ISS.xFSC of an abort without its level, the lowest two bits. */
const faultStatuses = new Map<number, string>([
  [0x00, "address size fault"],
  [0x04, "translation fault"],
  [0x08, "access flag fault"],
  [0x0c, "permission fault"],
]);
const otherStatuses = new Map<number, string>([
  [0x10, "external abort"],
  [0x11, "tag check fault"],
  [0x18, "parity or ECC error"],
  [0x21, "alignment fault"],
  [0x30, "TLB conflict"],
]);

const ISS_WNR = 1n << 6n;
const ISS_FNV = 1n << 10n;

/** Exception classes that write FAR_EL1: aborts, pc alignment faults, watchpoints. */
const addressed = new Set([0x20, 0x21, 0x22, 0x24, 0x25, 0x34, 0x35]);

/** Whether an exception with this ESR_EL1 set FAR_EL1, which otherwise keeps an older address. */
export function hasFaultAddress(esr: bigint): boolean {
  const exceptionClass = Number((esr >> 26n) & 0x3fn);
  const isExternal = (esr & 0x3fn) === 0x10n;
  return addressed.has(exceptionClass) && !(isExternal && (esr & ISS_FNV) !== 0n);
}

/** Whether an ESR_EL1 of a data abort is that of a write. */
export const isWriteFault = (esr: bigint): boolean => (esr & ISS_WNR) !== 0n;

/** Describes ESR_EL1: "data abort: write, level 2 translation fault". */
export function syndromeText(esr: bigint): string {
  const exceptionClass = Number((esr >> 26n) & 0x3fn);
  const name = exceptionClasses.get(exceptionClass) ?? `exception class 0x${exceptionClass.toString(16)}`;
  if (exceptionClass === 0x3c) return `${name} 0x${(esr & 0xffffn).toString(16)}`;
  const isData = exceptionClass === 0x24 || exceptionClass === 0x25;
  if (!isData && exceptionClass !== 0x20 && exceptionClass !== 0x21) return name;
  const code = Number(esr & 0x3fn);
  const leveled = faultStatuses.get(code & 0x3c);
  const status =
    leveled === undefined
      ? (otherStatuses.get(code) ?? `status 0x${code.toString(16)}`)
      : `level ${code & 3} ${leveled}`;
  return isData ? `${name}: ${(esr & ISS_WNR) !== 0n ? "write" : "read"}, ${status}` : `${name}: ${status}`;
}
