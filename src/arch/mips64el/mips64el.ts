/** mips64el: registers, notes, unwinding rules. */
import { elf } from "./elf.ts";
import { paging } from "./paging.ts";
import { errorText, exceptionDetails, isWriteFault, trapName } from "./traps.ts";
import type { Arch } from "../arch.ts";
import { hasBits } from "../modes.ts";
import { prstatus } from "../notes.ts";

/** `$1` to `$31` by their names in the 64-bit ABI. */
const general = "at v0 v1 a0 a1 a2 a3 a4 a5 a6 a7 t0 t1 t2 t3 s0 s1 s2 s3 s4 s5 s6 s7 t8 t9 k0 k1 gp sp fp ra".split(
  " ",
);
const saved = ["s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7"];

/** Registers after the general ones in `struct pt_regs`, and their members (arch/mips/include/asm/ptrace.h). */
const control = [
  ["status", "cp0_status"],
  ["hi", "hi"],
  ["lo", "lo"],
  ["badvaddr", "cp0_badvaddr"],
  ["cause", "cp0_cause"],
] as const;

/** Bits of the Status register: mode (KSU, 2 is user mode) and interrupt enable. */
const ST0_KSU = 0x18n;
const KSU_USER = 0x10n;
const ST0_IE = 1n;

export const mips64el: Arch = {
  name: "mips64el",
  elf,
  unameMachines: ["mips64"],
  byteOrder: "little",
  wordSize: 8,
  // CKSEG0.
  textWindow: { start: 0xffffffff80000000n, end: 0xffffffffa0000000n },
  decoder: { arch: "ARCH_MIPS", modes: ["MODE_MIPS64"], step: 4, longest: 4 },
  registers: ["pc", ...general, ...control.map(([name]) => name)],
  pc: "pc",
  sp: "sp",
  framePointer: "fp",
  linkRegister: "ra",
  // Source: System V ABI, MIPS supplement: general registers have their own numbers; returns use that of ra.
  dwarfRegisters: [undefined, ...general],
  ptRegs: new Map([
    ["pc", "cp0_epc"],
    ...general.map((name, index) => [name, `regs[${index + 1}]`] as const),
    ...control,
  ]),
  signedChar: true,
  sectionSizeBits: 28,
  // arch/mips/include/uapi/asm/resource.h
  resourceLimits: { 5: "NOFILE", 6: "AS", 7: "RSS", 8: "NPROC", 9: "MEMLOCK" },
  isUserMode: (registers) => hasBits(registers.get("status"), ST0_KSU, KSU_USER),
  interruptsEnabled: (registers) => hasBits(registers.get("status"), ST0_IE, ST0_IE),
  calleeSaved: [...saved, "gp", "fp"],
  argumentRegisters: ["a0", "a1", "a2", "a3", "a4", "a5", "a6", "a7"],
  resultRegister: "v0",
  reserved: ["gp"],
  unwindRules: ["saved registers", "call frame information"],
  switchFrame: {
    kind: "in task",
    path: "thread",
    // `struct thread_struct` of arch/mips/include/asm/processor.h.
    aliases: new Map([
      ["reg31", "pc"],
      ["reg29", "sp"],
      ["reg30", "fp"],
      ...saved.map((name, index) => [`reg${index + 16}`, name] as const),
    ]),
  },
  irqStackPointer: "bottom",
  entryReturns: /^ret_from_(fork|kernel_thread|exception|irq)$/,
  savedAtStackPointer:
    /^((rollback_)?handle_(int|sys\w*|tlb[lms]|ade[ls]|[id]be|bp|tr|fpe|msa_fpe|ri|ov|cpu|watch|mcheck|reserved)|except_vec_vi\w*|tlb_do_page_fault_[01]|syscall_\w+|work_\w+|ret_from_(fork|kernel_thread|exception|irq))$/,
  firstFunctions: /^start_(kernel|secondary)$/,
  trapName,
  exceptionDetails,
  errorText,
  isWriteFault,
  threadSize: 16384,
  // ELF_NGREG registers: $0 to $31, lo, hi, epc, badvaddr, status, cause.
  prstatus: (desc) =>
    prstatus(desc, [undefined, ...general, "lo", "hi", "pc", "badvaddr", "status", "cause"], 8, "little"),
  paging,
};
