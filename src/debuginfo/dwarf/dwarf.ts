import { Fault } from "../../base/fault.ts";
import type { ElfFile } from "../elf.ts";
import type { Placement } from "../placement.ts";
import type { CodeSource, TypeSource } from "../source.ts";

/** What DWARF tells of one image. */
export interface Dwarf {
  readonly code: CodeSource;
  readonly types: TypeSource;
}

export interface DwarfOptions {
  /** Run-time places of a relocatable file's sections. */
  readonly placement?: Placement;
}

/** @throws Fault */
export function openDwarf(elf: ElfFile, _options: DwarfOptions = {}): Dwarf {
  throw Fault.of("unknown", `${elf.file.name}: DWARF is not read yet`);
}
