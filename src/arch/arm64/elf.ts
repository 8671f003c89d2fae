/** arm64 in ELF files. */
import { absolute, type ElfMachine, relative } from "../elfMachine.ts";

export const elf: ElfMachine = {
  machine: 183,
  wordSize: 8,
  mappingSymbols: true,
  // Types that occur in debug sections. Source: ELF for the Arm 64-bit Architecture (AAELF64).
  relocations: {
    0: absolute(0), // R_AARCH64_NONE
    256: absolute(0), // R_AARCH64_NONE of old toolchains
    257: absolute(8), // R_AARCH64_ABS64
    258: absolute(4), // R_AARCH64_ABS32
    259: absolute(2), // R_AARCH64_ABS16
    260: relative(8), // R_AARCH64_PREL64
    261: relative(4), // R_AARCH64_PREL32
    262: relative(2), // R_AARCH64_PREL16
  },
};
