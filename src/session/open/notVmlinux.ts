import type { Fault } from "../../base/fault.ts";
import type { RandomFile } from "../../base/file.ts";
import { type ElfFile, ET_REL } from "../../elf/elf.ts";
import { ET_CORE } from "../../elf/elfHeader.ts";
import { lookOf } from "../../dump/recognize.ts";

const HEAD = 1024;

/**
 * What boot loaders know a kernel by, and where (Documentation/arch/x86/boot.rst, arm64/booting.rst; zimage.ld.S of
 * drivers/firmware/efi/libstub; arch/arm/boot/compressed/head.S).
 */
const BOOT_IMAGES: readonly (readonly [at: number, magic: string])[] = [
  [0x202, "HdrS"],
  [0x38, "ARM\x64"],
  [4, "zimg"],
  [0x24, "\x18\x28\x6f\x01"],
];

/** Why a file that is no ELF file is no vmlinux, to be put behind its path. */
export function whyNoElf(file: RandomFile, fault: Fault): string {
  const head = file.read(0, HEAD);
  const text = Buffer.from(head).toString("latin1");
  if (text.startsWith("\x7fELF"))
    return `is a damaged ELF file, or was cut off: ${fault.message.replace(`${file.name}: `, "")}`;
  if (BOOT_IMAGES.some(([at, magic]) => text.startsWith(magic, at)))
    return "is the image that a machine boots (vmlinuz), which has neither symbols nor debuginfo: the vmlinux of the same build is wanted";
  if (text.startsWith("KDUMP   ")) return "is a dump, not a vmlinux";
  return `is no vmlinux: it is ${text === "" ? "empty" : lookOf(head)}`;
}

/** Why an ELF file is no vmlinux, to be put behind its path; undefined for one that may be. */
export function whyNoVmlinux({ type }: ElfFile): string | undefined {
  if (type === ET_REL) return "is a kernel module or an object file, not a vmlinux";
  return type === ET_CORE ? "is a dump, not a vmlinux" : undefined;
}
