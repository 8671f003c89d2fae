/** loongarch64 in ELF files. */
import { absolute, added, type ElfMachine, relative, subtracted } from "../elfMachine.ts";

export const elf: ElfMachine = {
  machine: 258,
  wordSize: 8,
  // Types that occur in debug sections. Source: LoongArch ELF psABI, "Relocations".
  relocations: {
    0: absolute(0), // R_LARCH_NONE
    1: absolute(4), // R_LARCH_32
    2: absolute(8), // R_LARCH_64
    47: added(1), // R_LARCH_ADD8
    48: added(2), // R_LARCH_ADD16
    50: added(4), // R_LARCH_ADD32
    51: added(8), // R_LARCH_ADD64
    52: subtracted(1), // R_LARCH_SUB8
    53: subtracted(2), // R_LARCH_SUB16
    55: subtracted(4), // R_LARCH_SUB32
    56: subtracted(8), // R_LARCH_SUB64
    99: relative(4), // R_LARCH_32_PCREL
    100: absolute(0), // R_LARCH_RELAX
    105: { ...added(1), form: "six bits" }, // R_LARCH_ADD6
    106: { ...subtracted(1), form: "six bits" }, // R_LARCH_SUB6
    107: { ...added(1), form: "ULEB128" }, // R_LARCH_ADD_ULEB128
    108: { ...subtracted(1), form: "ULEB128" }, // R_LARCH_SUB_ULEB128
    109: relative(8), // R_LARCH_64_PCREL
  },
};
