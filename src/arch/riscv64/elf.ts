/** riscv64 in ELF files. */
import { absolute, added, type ElfMachine, relative, subtracted } from "../elfMachine.ts";

export const elf: ElfMachine = {
  machine: 243,
  wordSize: 8,
  mappingSymbols: true,
  // Types that occur in debug sections. Source: RISC-V ELF psABI, "Relocations".
  relocations: {
    0: absolute(0), // R_RISCV_NONE
    1: absolute(4), // R_RISCV_32
    2: absolute(8), // R_RISCV_64
    33: added(1), // R_RISCV_ADD8
    34: added(2), // R_RISCV_ADD16
    35: added(4), // R_RISCV_ADD32
    36: added(8), // R_RISCV_ADD64
    37: subtracted(1), // R_RISCV_SUB8
    38: subtracted(2), // R_RISCV_SUB16
    39: subtracted(4), // R_RISCV_SUB32
    40: subtracted(8), // R_RISCV_SUB64
    51: absolute(0), // R_RISCV_RELAX
    52: { ...subtracted(1), form: "six bits" }, // R_RISCV_SUB6
    53: { ...absolute(1), form: "six bits" }, // R_RISCV_SET6
    54: absolute(1), // R_RISCV_SET8
    55: absolute(2), // R_RISCV_SET16
    56: absolute(4), // R_RISCV_SET32
    57: relative(4), // R_RISCV_32_PCREL
    60: { ...absolute(1), form: "ULEB128" }, // R_RISCV_SET_ULEB128
    61: { ...subtracted(1), form: "ULEB128" }, // R_RISCV_SUB_ULEB128
  },
};
