/** x86_64 in ELF files. */
import { absolute, type ElfMachine, relative } from "../elfMachine.ts";

export const elf: ElfMachine = {
  machine: 62,
  wordSize: 8,
  // Types that occur in debug sections. Source: x86-64 psABI.
  relocations: {
    0: absolute(0), // R_X86_64_NONE
    1: absolute(8), // R_X86_64_64
    2: relative(4), // R_X86_64_PC32
    4: relative(4), // R_X86_64_PLT32
    10: absolute(4), // R_X86_64_32
    11: absolute(4), // R_X86_64_32S
    12: absolute(2), // R_X86_64_16
    14: absolute(1), // R_X86_64_8
    24: relative(8), // R_X86_64_PC64
  },
};
