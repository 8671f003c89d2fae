/** Recognizes boot images (vmlinuz) and unpacks the kernel in them. */
import { viewOf } from "../../base/bytes.ts";
import { attempt, Fault } from "../../base/fault.ts";
import { bytesFile, type RandomFile } from "../../base/file.ts";
import { packingOf } from "../../base/packing.ts";
import { toEnd } from "../../base/job.ts";
import { isLz4Legacy, unlz4Legacy } from "../../archive/lz4.ts";
import { unpackBytes } from "../../archive/packedFile.ts";

/** Number of bytes at the start of a file that tell whether it is a boot image. */
export const BOOT_HEAD = 1024;

/** Offset and magic number of the header of an x86 boot image. */
const X86: readonly [at: number, magic: string] = [0x202, "HdrS"];

/**
 * Magic numbers of boot images and their offsets (Documentation/arch/x86/boot.rst, arm64/booting.rst;
 * drivers/firmware/efi/libstub/zboot-header.S; arch/arm/boot/compressed/head.S).
 */
const BOOT_IMAGES: readonly (readonly [at: number, magic: string])[] = [
  X86,
  [0x38, "ARM\x64"],
  [4, "zimg"],
  [0x24, "\x18\x28\x6f\x01"],
];

/** Whether a file is a boot image. @param head the first BOOT_HEAD bytes */
export const isBootImage = (head: Uint8Array): boolean => BOOT_IMAGES.some((one) => hasMagic(head, one));

const hasMagic = (head: Uint8Array, [at, magic]: readonly [at: number, magic: string]): boolean =>
  Buffer.from(head).toString("latin1", at, at + magic.length) === magic;

/** Offsets in the header of an x86 boot image (Documentation/arch/x86/boot.rst). */
const SETUP_SECTS = 0x1f1;
const PAYLOAD_OFFSET = 0x248;
const PAYLOAD_LENGTH = 0x24c;
const SECTOR = 512;

/**
 * Number of bytes after a packed kernel, which hold its unpacked size (size_append of scripts/Makefile.lib). Data of gzip
 * ends with that size already, so that nothing follows it.
 */
const SIZE_BYTES = 4;

/** Maximum sizes in bytes of the packed kernel and of the unpacked one. Debian's are 14 and 70 MiB. */
const MAX_PACKED = 256 << 20;
const MAX_KERNEL = 512 << 20;

/**
 * Returns the kernel in an x86 boot image as an ELF file in memory. It has no symbol table and no DWARF, but type
 * information (BTF), unwinding tables, exported symbols and the bytes of the code.
 * @returns undefined if the file is not an x86 boot image; a Fault, to be printed after the path, if the kernel cannot
 *   be unpacked
 */
export function kernelOfBootImage(file: RandomFile): RandomFile | Fault | undefined {
  const head = file.read(0, BOOT_HEAD);
  if (!hasMagic(head, X86)) return undefined;
  const header = viewOf(head);
  const start = ((header.getUint8(SETUP_SECTS) || 4) + 1) * SECTOR + header.getUint32(PAYLOAD_OFFSET, true);
  const length = header.getUint32(PAYLOAD_LENGTH, true);
  const packed = length <= MAX_PACKED ? file.read(start, length) : new Uint8Array(0);
  if (length === 0 || packed.length < length)
    return Fault.of("truncated", "is a boot image (vmlinuz) that was cut off, or whose header is damaged");
  const stream = packed.subarray(0, packingOf(packed) === "gzip" ? length : Math.max(0, length - SIZE_BYTES));
  const kernel = attempt(() =>
    toEnd(isLz4Legacy(stream) ? unlz4Legacy(stream, MAX_KERNEL) : unpackBytes(stream, MAX_KERNEL)),
  );
  if (kernel instanceof Fault)
    return Fault.of(
      kernel.kind,
      `is a boot image (vmlinuz) whose kernel ${kernel.message}; unpack it with the kernel's scripts/extract-vmlinux, or name the vmlinux of the same build`,
    );
  return bytesFile(file.name, kernel);
}
