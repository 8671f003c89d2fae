/** ppc64le in ELF files. */
import { absolute, type ElfMachine, relative } from "../elfMachine.ts";

export const elf: ElfMachine = {
  machine: 21,
  wordSize: 8,
  // Types that occur in debug sections. Source: 64-Bit ELF V2 ABI Specification, section 3.5.
  relocations: {
    0: absolute(0), // R_PPC64_NONE
    1: absolute(4), // R_PPC64_ADDR32
    26: relative(4), // R_PPC64_REL32
    38: absolute(8), // R_PPC64_ADDR64
    44: relative(8), // R_PPC64_REL64
  },
};
