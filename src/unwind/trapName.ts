/** Names of x86 exceptions where the kernel's own are not the words for them. */
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

/** Exceptions whose name says it all: `page_fault`, `divide_error`... */
const plain =
  /^(alignment_check|coprocessor_segment_overrun|device_not_available|divide_error|double_fault|machine_check|overflow|page_fault|segment_not_present|virtualization_exception)$/;

/**
 * arch/x86/entry/entry_64.S and include/asm/idtentry.h: `asm_exc_page_fault` since 5.8, `page_fault` before. The detour
 * of an optimised kprobe saves registers as an exception does.
 */
function x86(entry: string): string | undefined {
  if (/^entry_(SYSCALL|SYSENTER|INT80)|int80_emulation/.test(entry)) return "system call";
  if (/nmi/.test(entry)) return "NMI";
  if (entry === "kprobe_optinsn_page") return "kprobe";
  const name = entry.replace(/^(xen_)?(asm_exc_|asm_|async_)/, "").replace(/_noist$/, "").toLowerCase(); // prettier-ignore
  if (exceptions.has(name)) return exceptions.get(name);
  if (plain.test(name)) return name.replaceAll("_", " ");
  return /sysvec|interrupt|ret_from_intr/.test(entry) ? "interrupt" : undefined;
}

type Names = readonly (readonly [RegExp, string])[];

/** arch/arm64/kernel/entry.S names what came, and the handler in entry-common.c why. */
const arm64: Names = [
  [/^__bad_stack|^handle_bad_stack$/, "stack overflow"],
  [/^el\d.*_irq|_interrupt$/, "interrupt"],
  [/^el\d.*_fiq/, "FIQ"],
  [/^el\d.*_error/, "SError"],
  [/^el\d_svc/, "system call"],
  [/^el\d_(abort|da)$|^do_mem_abort/, "data abort"],
  [/^el\d_ia$/, "instruction abort"],
  [/^el\d_undef/, "undefined instruction"],
  [/^el\d_(brk|dbg|breakpt|softstp|watchpt)/, "debug exception"],
  [/^el\d_(pc|sp)$/, "alignment fault"],
  [/^el\d_(bti|fpac|gcs|mops|sys|inv)/, "exception"],
];

/** arch/arm/kernel/entry-armv.S and entry-common.S. */
const arm: Names = [
  [/^__irq_/, "interrupt"],
  [/^__fiq_/, "FIQ"],
  [/^__dabt_/, "data abort"],
  [/^__pabt_/, "prefetch abort"],
  [/^__und_/, "undefined instruction"],
  [/swi$|^(__entry_text_start|ret_fast_syscall|ret_to_user|sys_\w+_wrapper|__sys_trace)/, "system call"],
];

/** arch/s390/kernel/entry.S. */
const s390x: Names = [
  [/^(ext|io)_int_handler/, "interrupt"],
  [/^pgm_check_handler/, "program check"],
  [/^mcck_int_handler/, "machine check"],
  [/^restart_int_handler/, "restart"],
  [/^(system_call|sysc_)/, "system call"],
];

const tables = new Map<string, Names>([["arm64", arm64], ["arm", arm], ["s390x", s390x]]); // prettier-ignore

/**
 * What interrupted, in words.
 * @param handlers functions that handled it, the entry code first
 */
export function trapName(arch: string, handlers: readonly string[]): string {
  for (const name of handlers) {
    const words = arch === "x86_64" ? x86(name) : tables.get(arch)?.find(([pattern]) => pattern.test(name))?.[1];
    if (words !== undefined) return words;
  }
  return "exception";
}
