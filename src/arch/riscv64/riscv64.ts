/** riscv64: registers, notes, unwinding rules. */
import { riscv64Effects } from "./effects.ts";
import { elf } from "./elf.ts";
import { GENERAL } from "./encoding.ts";
import { paging, pte } from "./paging.ts";
import { framePointerState } from "./prologue.ts";
import { errorText, exceptionDetails, isWriteFault, trapName } from "./traps.ts";
import type { Arch } from "../arch.ts";
import { hasBits } from "../modes.ts";
import { prstatus } from "../notes.ts";

const calleeSaved = Array.from({ length: 12 }, (_, index) => `s${index}`);

/** Control registers after the general ones in `struct pt_regs` (arch/riscv/include/asm/ptrace.h). */
const control = ["status", "badaddr", "cause"];

/** Bits of `sstatus` (asm/csr.h): privilege mode and interrupt enable before the exception. */
const SR_SPIE = 1n << 5n;
const SR_SPP = 1n << 8n;

export const riscv64: Arch = {
  name: "riscv64",
  elf,
  unameMachines: ["riscv64"],
  byteOrder: "little",
  wordSize: 8,
  vmcoreinfoKeys: ["NUMBER(va_kernel_pa_offset)", "NUMBER(phys_ram_base)"],
  prstatusBytes: 376,
  decoder: { arch: "ARCH_RISCV", modes: ["MODE_RISCV64", "MODE_RISCVC"], step: 2, longest: 4 },
  effects: riscv64Effects,
  registers: ["pc", ...GENERAL, ...control],
  pc: "pc",
  sp: "sp",
  framePointer: "s0",
  linkRegister: "ra",
  // Source: RISC-V DWARF Specification, "DWARF register numbers". The pc has no number; returns use that of ra.
  dwarfRegisters: [undefined, ...GENERAL],
  ptRegs: new Map([["pc", "epc"], ...[...GENERAL, ...control].map((name) => [name, name] as const)]),
  signedChar: false,
  sectionSizeBits: 27,
  mapsFromFirstFrame: true,
  isUserMode: (registers) => hasBits(registers.get("status"), SR_SPP, 0n),
  interruptsEnabled: (registers) => hasBits(registers.get("status"), SR_SPIE, SR_SPIE),
  calleeSaved,
  argumentRegisters: ["a0", "a1", "a2", "a3", "a4", "a5", "a6", "a7"],
  resultRegister: "a0",
  reserved: ["tp", "gp"],
  unwindRules: ["saved registers", "call frame information", "frame below"],
  switchFrame: {
    kind: "in task",
    path: "thread",
    aliases: new Map([["ra", "pc"], ...calleeSaved.map((name, index) => [`s[${index}]`, name] as const)]),
  },
  irqStackPointer: "bottom",
  framePointerState,
  // The first function of a kernel thread returns there (ret_from_fork in arch/riscv/kernel/entry.S).
  // Since v6.16 ret_from_fork_kernel_asm and ret_from_fork_user_asm call C functions of these names without "_asm".
  entryReturns: /^ret_from_(exception|fork(_kernel_asm|_user_asm)?)$/,
  savedAtStackPointer:
    /^(handle_exception|ret_from_exception|ret_from_fork(_kernel_asm|_user_asm)?|handle_kernel_stack_overflow)$/,
  firstFunctions: /^(start_kernel|smp_callin)$/,
  trapName,
  exceptionDetails,
  errorText,
  isWriteFault,
  threadSize: 16384,
  prstatus: (desc) => prstatus(desc, ["pc", ...GENERAL], 8, "little"),
  pte,
  paging,
};
