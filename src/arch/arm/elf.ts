/** arm in ELF files. */
import { absolute, type ElfMachine, relative } from "../elfMachine.ts";

export const elf: ElfMachine = {
  machine: 40,
  wordSize: 4,
  mappingSymbols: true,
  thumbBit: true,
  // Types that occur in debug sections. Source: ELF for the Arm Architecture (AAELF32).
  relocations: {
    0: absolute(0), // R_ARM_NONE
    2: absolute(4), // R_ARM_ABS32
    3: relative(4), // R_ARM_REL32
    5: absolute(2), // R_ARM_ABS16
    8: absolute(1), // R_ARM_ABS8
    38: absolute(4), // R_ARM_TARGET1
  },
};
