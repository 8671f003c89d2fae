/** Runtime addresses of sections. */
import { Fault } from "../base/fault.ts";
import { type ElfFile, type ElfSection, ET_REL, SHF_ALLOC, SHF_EXECINSTR } from "./elf.ts";

/**
 * Returns the runtime address of a section of a relocatable file (a `.ko`) by name; undefined if it was never loaded or
 * has been freed. The kernel keeps these addresses in `module.sect_attrs`.
 */
export type Placement = (section: string) => bigint | undefined;

const notLoaded: Placement = () => undefined;

/**
 * Returns the address of a section: its link address, or the address by `placement` in a relocatable file; undefined
 * for a section that is not allocated.
 */
export function sectionAddress(elf: ElfFile, section: ElfSection, placement = notLoaded): bigint | undefined {
  if (!(section.flags & SHF_ALLOC)) return undefined;
  return elf.type === ET_REL ? placement(section.name) : section.address;
}

/** An address range of an image that contains code; `end` is exclusive. */
export interface TextRange {
  readonly start: bigint;
  readonly end: bigint;
}

/** Returns the address ranges that contain code. */
export function textRanges(elf: ElfFile, placement?: Placement): TextRange[] {
  const ranges: TextRange[] = [];
  for (const section of elf.sections) {
    const start = section.flags & SHF_EXECINSTR ? sectionAddress(elf, section, placement) : undefined;
    if (start !== undefined && section.size > 0) ranges.push({ start, end: start + byteCount(elf, section) });
  }
  return ranges;
}

function byteCount(elf: ElfFile, section: ElfSection): bigint {
  if (!Number.isSafeInteger(section.size))
    throw Fault.of(
      "corrupt",
      `${elf.file.name}: section ${section.name} cannot have ${section.size} bytes; its header is damaged`,
    );
  return BigInt(section.size);
}
