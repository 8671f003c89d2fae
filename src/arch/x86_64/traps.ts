/** Exceptions of x86_64: their names and error codes. */

/** Names of exceptions that differ from the kernel's function names. */
const exceptions = new Map([
  ["bounds", "bound range exceeded"],
  ["control_protection", "control protection fault"],
  ["coprocessor_error", "x87 FPU error"],
  ["debug", "debug exception"],
  ["general_protection", "general protection fault"],
  ["int3", "breakpoint"],
  ["invalid_op", "invalid opcode"],
  ["invalid_tss", "invalid TSS"],
  ["simd_coprocessor_error", "SIMD floating-point error"],
  ["spurious_interrupt_bug", "spurious interrupt"],
  ["stack_segment", "stack segment fault"],
  ["vmm_communication", "VMM communication exception"],
]);

/** Exceptions whose function name is readable as it is: `page_fault`, `divide_error`... */
const plain =
  /^(alignment_check|coprocessor_segment_overrun|device_not_available|divide_error|double_fault|machine_check|overflow|page_fault|segment_not_present|virtualization_exception)$/;

/**
 * Returns the name of the exception, interrupt or system call whose entry code is the symbol; undefined if it is not
 * entry code. The entry of a page fault is `asm_exc_page_fault` since 5.8; before it was `page_fault`
 * (arch/x86/entry/entry_64.S, arch/x86/include/asm/idtentry.h). The detour of an optimised kprobe saves registers as an
 * exception does.
 */
export function trapName(entry: string): string | undefined {
  if (/^entry_(SYSCALL|SYSENTER|INT80)|int80_emulation/.test(entry)) return "system call";
  if (/nmi/.test(entry)) return "NMI";
  if (entry === "kprobe_optinsn_page") return "kprobe";
  const name = entry.replace(/^(xen_)?(asm_exc_|asm_|async_)/, "").replace(/_noist$/, "").toLowerCase(); // prettier-ignore
  if (exceptions.has(name)) return exceptions.get(name);
  if (plain.test(name)) return name.replaceAll("_", " ");
  return /sysvec|interrupt|ret_from_intr/.test(entry) ? "interrupt" : undefined;
}

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

/** Describes an access and why it failed: "write to a page that is not present, kernel mode". */
export function pageFaultText(code: bigint): string {
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

/** Whether an error code of a page fault is that of a write. */
export const isWriteFault = (code: bigint): boolean => (code & X86_PF_WRITE) !== 0n;

/** Describes a selector error code (Intel SDM volume 3, section 6.13); undefined for 0. */
export function selectorText(code: bigint): string | undefined {
  if (code === 0n) return undefined;
  const table = (code & 2n) !== 0n ? "IDT" : (code & 4n) !== 0n ? "LDT" : "GDT";
  return `${table} entry ${code >> 3n}${(code & 1n) !== 0n ? ", external event" : ""}`;
}

/** Exceptions whose error code is a selector. The codes of #CP and #VC have another meaning. */
const SELECTOR_EXCEPTIONS: ReadonlySet<string> = new Set([
  "invalid TSS",
  "segment not present",
  "stack segment fault",
  "general protection fault",
]);

/**
 * Describes the error code of an exception; undefined if no meaning of the code is known. @param type as `trapName`
 * returns it
 */
export function errorText(type: string, code: bigint): string | undefined {
  if (type === "page fault") return pageFaultText(code);
  return SELECTOR_EXCEPTIONS.has(type) ? selectorText(code) : undefined;
}
