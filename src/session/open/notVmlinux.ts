/** Explains why a file is not a vmlinux. */
import type { Fault } from "../../base/fault.ts";
import type { RandomFile } from "../../base/file.ts";
import { type ElfFile, ET_REL } from "../../elf/elf.ts";
import { ET_CORE } from "../../elf/elfHeader.ts";
import { contentDescription } from "../../dump/recognize.ts";
import { BOOT_HEAD, isBootImage } from "./bootImage.ts";

/** Explains why a file that is not readable as ELF is not a vmlinux, as a predicate for its path. */
export function whyNoElf(file: RandomFile, fault: Fault): string {
  const head = file.read(0, BOOT_HEAD);
  const text = Buffer.from(head).toString("latin1");
  if (text.startsWith("\x7fELF"))
    return `is a damaged or truncated ELF file: ${fault.message.replace(`${file.name}: `, "")}`;
  if (isBootImage(head))
    return "is a boot image (vmlinuz), which has neither symbols nor debuginfo: name the vmlinux of the same build";
  if (text.startsWith("KDUMP   ")) return "is a dump, not a vmlinux";
  return `is not a vmlinux: it is ${text === "" ? "empty" : contentDescription(head)}`;
}

/** Explains why an ELF file is not a vmlinux, as a predicate for its path; undefined if it may be one. */
export function whyNoVmlinux({ type }: ElfFile): string | undefined {
  if (type === ET_REL) return "is a kernel module or an object file, not a vmlinux";
  return type === ET_CORE ? "is a dump, not a vmlinux" : undefined;
}
