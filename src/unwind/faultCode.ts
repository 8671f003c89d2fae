/** Bits of an x86 page fault's error code (Intel SDM volume 3, section 4.7; arch/x86/include/asm/trap_pf.h). */
const X86_PF_PROT = 1n << 0n;
const X86_PF_WRITE = 1n << 1n;
const X86_PF_USER = 1n << 2n;
const X86_PF_RSVD = 1n << 3n;
const X86_PF_INSTR = 1n << 4n;
const X86_PF_PK = 1n << 5n;
const X86_PF_SHSTK = 1n << 6n;
const X86_PF_SGX = 1n << 15n;
const X86_PF_RMP = 1n << 31n;

/** What the access was and why it failed: "write to a page that is not present, kernel mode". */
export function x86PageFaultText(code: bigint): string {
  const has = (bit: bigint): boolean => (code & bit) !== 0n;
  const access = has(X86_PF_INSTR) ? "instruction fetch from" : has(X86_PF_WRITE) ? "write to" : "read from";
  const reasons: readonly (readonly [bigint, string])[] = [
    [X86_PF_RSVD, "reserved bit set in a page table"],
    [X86_PF_PK, "forbidden by a protection key"],
    [X86_PF_SHSTK, "shadow stack access"],
    [X86_PF_SGX, "SGX access control"],
    [X86_PF_RMP, "reverse map table violation"],
  ];
  const why = has(X86_PF_PROT) ? "a page that does not allow it" : "a page that is not present";
  const more = reasons.filter(([bit]) => has(bit)).map(([, words]) => words);
  return [`${access} ${why}`, ...more, has(X86_PF_USER) ? "user mode" : "kernel mode"].join(", ");
}

/** The selector error code of other x86 exceptions (Intel SDM volume 3, section 6.13). */
export function x86SelectorText(code: bigint): string | undefined {
  if (code === 0n) return undefined;
  const table = (code & 2n) !== 0n ? "IDT" : (code & 4n) !== 0n ? "LDT" : "GDT";
  return `${table} entry ${code >> 3n}${(code & 1n) !== 0n ? ", external event" : ""}`;
}

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

/** Whether an exception with this ESR_EL1 set FAR_EL1, which otherwise keeps the address of an earlier one. */
export function arm64HasAddress(esr: bigint): boolean {
  const exceptionClass = Number((esr >> 26n) & 0x3fn);
  const isExternal = (esr & 0x3fn) === 0x10n;
  return addressed.has(exceptionClass) && !(isExternal && (esr & ISS_FNV) !== 0n);
}

/** ESR_EL1 in words: "data abort: write, level 2 translation fault". */
export function arm64SyndromeText(esr: bigint): string {
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
