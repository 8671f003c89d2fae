/** mips64el in ELF files. Relocations are not known here: three types share one entry, in a layout of this machine alone. */
import type { ElfMachine } from "../elfMachine.ts";

export const elf: ElfMachine = { machine: 8, wordSize: 8 };
