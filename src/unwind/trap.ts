import type { Registers } from "../arch/arch.ts";
import type { Kernel } from "../model/kernel.ts";
import type { Frame, Trap } from "./frame.ts";

/** What `trapOf` needs to know: the registers an exception saved, and the frames that handled it, innermost first. */
interface Saved {
  readonly registers: Registers;
  readonly address: bigint | undefined;
  readonly handlers: readonly Frame[];
}

/** An exception, interrupt or system call, named by the entry code that saved its registers. */
export function trapOf(kernel: Kernel, { registers, address, handlers }: Saved): Trap {
  const user = isUser(kernel, registers);
  const entry = handlers.at(-1)?.symbol?.name ?? "";
  const names = handlers.slice(-3).map((frame) => frame.symbol?.name ?? "");
  const type = kernel.arch.name === "arm64" ? arm64Type(entry, names) : x86Type(entry);
  return { type, registers, address, user, errorCode: undefined, errorText: undefined, faultAddress: undefined };
}

/** Whether the processor ran user code with these registers. */
export function isUser(kernel: Kernel, registers: Registers): boolean {
  switch (kernel.arch.name) {
    case "x86_64":
      // The lowest bits of cs are the privilege level.
      if (registers.has("cs")) return ((registers.get("cs") ?? 0n) & 3n) === 3n;
      break;
    case "arm64":
      if (registers.has("pstate")) return ((registers.get("pstate") ?? 0n) & 0xfn) === 0n;
      break;
    case "arm":
      if (registers.has("cpsr")) return ((registers.get("cpsr") ?? 0n) & 0xfn) === 0n;
      break;
    case "s390x":
      if (registers.has("pswm")) return ((registers.get("pswm") ?? 0n) & PSW_MASK_PSTATE) !== 0n;
      break;
  }
  return !kernel.memory.isKernelAddress(registers.get(kernel.arch.pc) ?? 0n);
}

const PSW_MASK_PSTATE = 0x0001000000000000n;

/** Names of x86 exceptions where the kernel's own are not words. */
const exceptions = new Map([
  ["nmi", "NMI"],
  ["nmi_noist", "NMI"],
  ["int3", "breakpoint"],
  ["invalid_op", "invalid opcode"],
  ["invalid_tss", "invalid TSS"],
  ["general_protection", "general protection fault"],
  ["debug", "debug exception"],
  ["coprocessor_error", "x87 FPU error"],
  ["simd_coprocessor_error", "SIMD floating-point error"],
  ["vmm_communication", "VMM communication exception"],
  ["control_protection", "control protection fault"],
  ["machine_check", "machine check"],
]);

/** arch/x86/entry/entry_64.S and include/asm/idtentry.h: `asm_exc_page_fault` since 5.8, `page_fault` before. */
function x86Type(entry: string): string {
  if (/^entry_(SYSCALL|SYSENTER|INT80)|int80_emulation/.test(entry)) return "system call";
  if (
    /^(asm_(sysvec|common|spurious|fred)|(common|spurious|apic_timer|reschedule|reboot|call_function|irq_work|thermal|x86_platform_ipi).*interrupt|ret_from_intr|common_spurious|interrupt_entry)/.test(
      entry,
    )
  ) {
    return "interrupt";
  }
  if (/nmi/.test(entry)) return "NMI";
  const name = /^(?:asm_exc_|xen_asm_exc_|async_)?(.*?)(?:_noist)?$/.exec(entry)?.[1] ?? "";
  return (
    exceptions.get(name) ??
    (/^(asm_exc_|async_)/.test(entry) || name === "page_fault" ? name.replaceAll("_", " ") : "exception")
  );
}

/** arch/arm64/kernel/entry.S names what came, and the handler in entry-common.c why. */
function arm64Type(entry: string, names: readonly string[]): string {
  if (/irq/.test(entry)) return "interrupt";
  if (/fiq/.test(entry)) return "FIQ";
  if (/error/.test(entry)) return "SError";
  const reasons: readonly (readonly [RegExp, string])[] = [
    [/svc/, "system call"],
    [/abort|_da$/, "data abort"],
    [/_ia$/, "instruction abort"],
    [/undef/, "undefined instruction"],
    [/brk|dbg|breakpt|softstp|watchpt/, "debug exception"],
    [/_pc$/, "pc alignment fault"],
    [/_sp$/, "sp alignment fault"],
  ];
  for (const name of names) for (const [pattern, words] of reasons) if (pattern.test(name)) return words;
  return "exception";
}
