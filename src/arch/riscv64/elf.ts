/** riscv64 in ELF files. */
import { absolute, type ElfMachine, relative } from "../elfMachine.ts";

export const elf: ElfMachine = {
  machine: 243,
  wordSize: 8,
  mappingSymbols: true,
  // Types that occur in debug sections. Source: RISC-V ELF psABI, "Relocations".
  relocations: {
    0: absolute(0), // R_RISCV_NONE
    1: absolute(4), // R_RISCV_32
    2: absolute(8), // R_RISCV_64
    51: absolute(0), // R_RISCV_RELAX
    57: relative(4), // R_RISCV_32_PCREL
  },
};
