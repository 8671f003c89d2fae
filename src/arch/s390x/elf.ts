/** s390x in ELF files. */
import { absolute, type ElfMachine, relative } from "../elfMachine.ts";

export const elf: ElfMachine = {
  machine: 22,
  wordSize: 8,
  // Types that occur in debug sections. Source: ELF Application Binary Interface, s390x Supplement.
  relocations: {
    0: absolute(0), // R_390_NONE
    1: absolute(1), // R_390_8
    3: absolute(2), // R_390_16
    4: absolute(4), // R_390_32
    5: relative(4), // R_390_PC32
    16: relative(2), // R_390_PC16
    22: absolute(8), // R_390_64
    23: relative(8), // R_390_PC64
  },
};
