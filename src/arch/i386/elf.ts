/** i386 in ELF files. */
import { absolute, type ElfMachine, relative } from "../elfMachine.ts";

export const elf: ElfMachine = {
  machine: 3,
  wordSize: 4,
  // Types that occur in debug sections. Source: System V ABI, Intel386 Architecture Processor Supplement.
  relocations: {
    0: absolute(0), // R_386_NONE
    1: absolute(4), // R_386_32
    2: relative(4), // R_386_PC32
    4: relative(4), // R_386_PLT32
    20: absolute(2), // R_386_16
    22: absolute(1), // R_386_8
  },
};
