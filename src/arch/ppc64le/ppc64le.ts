/** ppc64le: registers, notes, unwinding rules. */
import { localEntryBytes, ppc64leEffects } from "./effects.ts";
import { elf } from "./elf.ts";
import { paging, pte } from "./paging.ts";
import { errorText, exceptionDetails, isWriteFault, trapName } from "./traps.ts";
import type { Arch } from "../arch.ts";
import { hasBits } from "../modes.ts";
import { prstatus } from "../notes.ts";

const general = Array.from({ length: 32 }, (_, index) => `r${index}`);
/**
 * Registers after the general ones, in the order of `struct pt_regs` and `elf_gregset_t`
 * (arch/powerpc/include/uapi/asm/ptrace.h).
 */
const special = "nip msr orig_gpr3 ctr link xer ccr softe trap dar dsisr result".split(" ");
const registers = [...general, ...special];

/** MSR[PR] and MSR[EE] (Power ISA 3.0B, book III, section 4.2.1). */
const MSR_PR = 1n << 14n;

export const ppc64le: Arch = {
  name: "ppc64le",
  elf,
  unameMachines: ["ppc64le"],
  byteOrder: "little",
  wordSize: 8,
  eitherFileOrder: true,
  vmcoreinfoKeys: ["NUMBER(RADIX_MMU)", "SYMBOL(mmu_psize_defs)", "SYMBOL(vmemmap_list)"],
  prstatusBytes: 504,
  decoder: { arch: "ARCH_PPC", modes: ["MODE_64"], step: 4, longest: 4 },
  effects: ppc64leEffects,
  localEntryBytes,
  registers,
  registerRows: [
    " R0   R1   R2",
    " R3   R4   R5",
    " R6   R7   R8",
    " R9  R10  R11",
    "R12  R13  R14",
    "R15  R16  R17",
    "R18  R19  R20",
    "R21  R22  R23",
    "R24  R25  R26",
    "R27  R28  R29",
    "R30  R31",
    "NIP  MSR  OR3=orig_gpr3",
    "CTR   LR=link  XER",
    "CCR   MQ=softe  DAR",
    "DSISR  RESULT  TRAP",
  ],
  pc: "nip",
  sp: "r1",
  framePointer: "r31",
  linkRegister: "link",
  // Source: 64-Bit ELF V2 ABI Specification, section 2.4: r0 to r31, f0 to f31, then lr as 65 and ctr as 66.
  dwarfRegisters: [...general, ...Array.from({ length: 33 }, () => undefined), "link", "ctr"],
  ptRegs: new Map([
    ...general.map((name, index) => [name, `gpr[${index}]`] as const),
    ...special.map((name) => [name, name] as const),
  ]),
  signedChar: false,
  sectionSizeBits: 24,
  isUserMode: (registers) => hasBits(registers.get("msr"), MSR_PR, MSR_PR),
  calleeSaved: Array.from({ length: 18 }, (_, index) => `r${index + 14}`),
  argumentRegisters: Array.from({ length: 8 }, (_, index) => `r${index + 3}`),
  resultRegister: "r3",
  // The table of contents and the CPU's paca (arch/powerpc/include/asm/paca.h).
  reserved: ["r2", "r13"],
  unwindRules: ["marked registers", "call frame information", "linkage area"],
  switchFrame: { kind: "linkage area", sp: "thread.ksp" },
  irqStackPointer: "bottom",
  trapName,
  exceptionDetails,
  errorText,
  isWriteFault,
  threadSize: 16384,
  prstatus: (desc, order = "little") => prstatus(desc, registers, 8, order),
  pte,
  paging,
};
