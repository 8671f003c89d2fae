/** loongarch64: registers, notes, unwinding rules. */
import { elf } from "./elf.ts";
import { KERNEL_START, paging, pte } from "./paging.ts";
import { storingPrologue } from "./prologue.ts";
import { errorText, exceptionDetails, isWriteFault, trapName } from "./traps.ts";
import type { Arch, CpuState, Registers } from "../arch.ts";
import { hasBits } from "../modes.ts";
import { prstatus } from "../notes.ts";

/** `r1` to `r31` by their names in the psABI; r21 is reserved (the kernel's base of per-CPU variables). */
const general = "ra tp sp a0 a1 a2 a3 a4 a5 a6 a7 t0 t1 t2 t3 t4 t5 t6 t7 t8 r21 fp s0 s1 s2 s3 s4 s5 s6 s7 s8".split(" "); // prettier-ignore
const calleeSaved = ["fp", ...Array.from({ length: 9 }, (_, index) => `s${index}`)];

/** Control registers in the order of `struct pt_regs` and `elf_gregset_t` (arch/loongarch/include/asm/ptrace.h). */
const control = ["badv", "crmd", "prmd", "euen", "ecfg", "estat"];

/** Bits of PRMD: privilege level and interrupt enable before the exception. */
const PRMD_PPLV = 3n;
const PRMD_PIE = 1n << 2n;

export const loongarch64: Arch = {
  name: "loongarch64",
  elf,
  unameMachines: ["loongarch64"],
  byteOrder: "little",
  wordSize: 8,
  // The cached window (CACHE_BASE of asm/addrspace.h).
  textWindow: { start: 0x9000000000000000n, end: 0x9001000000000000n },
  prstatusBytes: 480,
  registers: ["pc", ...general, "orig_a0", ...control],
  pc: "pc",
  sp: "sp",
  framePointer: "fp",
  linkRegister: "ra",
  // Source: DWARF for the LoongArch Architecture, "Register number". The pc has no number; returns use that of ra.
  dwarfRegisters: [undefined, ...general],
  ptRegs: new Map([
    ["pc", "csr_era"],
    ["orig_a0", "orig_a0"],
    ["badv", "csr_badvaddr"],
    ...general.map((name, index) => [name, `regs[${index + 1}]`] as const),
    ...control.slice(1).map((name) => [name, `csr_${name}`] as const),
  ]),
  signedChar: true,
  sectionSizeBits: 29,
  isUserMode,
  interruptsEnabled: (registers) => hasBits(registers.get("prmd"), PRMD_PIE, PRMD_PIE),
  calleeSaved,
  argumentRegisters: ["a0", "a1", "a2", "a3", "a4", "a5", "a6", "a7"],
  resultRegister: "a0",
  reserved: ["tp", "r21"],
  unwindRules: ["saved registers", "interrupt stack", "call frame information", "storing prologue"],
  switchFrame: {
    kind: "in task",
    path: "thread",
    // `struct thread_struct` of arch/loongarch/include/asm/processor.h.
    aliases: new Map([
      ["reg01", "pc"],
      ["reg03", "sp"],
      ...calleeSaved.map((name, index) => [`reg${index + 22}`, name] as const),
    ]),
  },
  irqStackPointer: "bottom",
  irqCaller: { name: /^do_vint$/, stackPointer: "s0" },
  storingPrologue,
  // The first functions of tasks (arch/loongarch/kernel/entry.S). Before v6.17 they were one C function and one of assembly code.
  entryReturns: /^ret_from_(fork|kernel_thread)(_asm)?$/,
  // The copies of the handlers for all CPUs are in the array exception_handlers.
  savedAtStackPointer:
    /^(exception_handlers|handle_(sys|syscall|vint|ade|ale|bce|bp|fpe|fpu|lsx|lasx|lbt|ri|watch|reserved|tlb_\w+)|tlb_do_page_fault_[01]|ret_from_(fork|kernel_thread)(_asm)?)$/,
  firstFunctions: /^start_(kernel|secondary)$/,
  trapName,
  exceptionDetails,
  errorText,
  isWriteFault,
  threadSize: 16384,
  prstatus: cpuState,
  pte,
  paging,
};

/** A CPU that saved its own registers has the PRMD of the latest exception, whose mode is not that of its pc. */
function isUserMode(registers: Registers): boolean | undefined {
  const pc = registers.get("pc");
  return pc !== undefined && pc >= KERNEL_START ? false : hasBits(registers.get("prmd"), PRMD_PPLV, PRMD_PPLV);
}

/**
 * Parses NT_PRSTATUS. QEMU writes the register ERA, the place of the latest exception, where the kernel writes the address
 * of the current instruction, and no control registers but BADV: then the pc is not known
 * (loongarch_cpu_write_elf64_note() of target/loongarch/arch_dump.c).
 */
function cpuState(desc: Uint8Array): CpuState | undefined {
  const state = prstatus(desc, [undefined, ...general, "orig_a0", "pc", ...control], 8, "little");
  // A running processor has bits in CRMD: that of page tables or that of direct addresses.
  if (state === undefined || state.registers.get("crmd") !== 0n) return state;
  return { ...state, registers: new Map(general.map((name) => [name, state.registers.get(name) ?? 0n])) };
}
