/** Recognizes and opens dump files of all formats. */
import { Fault, orThrow } from "../base/fault.ts";
import { type RandomFile, readBytes } from "../base/file.ts";
import { avml } from "./formats/avml.ts";
import { elf, isElfCore } from "./formats/elf.ts";
import { isFlat, unflattened } from "./formats/flat.ts";
import type { DumpFormat, DumpImage, OpenOptions } from "./format.ts";
import { diskdump, kdump } from "./formats/kdump.ts";
import { lime } from "./formats/lime.ts";
import { lkcd } from "./formats/lkcd.ts";
import { qemuStream } from "./formats/qemuStream.ts";
import { openRaw } from "./formats/rawMemory.ts";
import { s390 } from "./formats/s390.ts";
import { sadump } from "./formats/sadump.ts";
import { vmware } from "./formats/vmware.ts";
import { xenCore } from "./formats/xenCore.ts";
import { ramdump } from "./formats/ramdump.ts";
import { contentDescription } from "./recognize.ts";

/** All dump formats. To add one, write its file and list it here. */
export const formats: readonly DumpFormat[] = [
  kdump,
  diskdump,
  xenCore,
  elf,
  qemuStream,
  vmware,
  lime,
  avml,
  ramdump,
  lkcd,
  sadump,
  s390,
];

const HEAD_BYTES = 8192;

/**
 * Opens a dump: one file, or all files of a set in any order. Each may be flattened. @throws Fault corrupt, missing or
 * truncated when it is not a dump or its headers cannot be used; the message names the file
 */
export function openDump(files: readonly RandomFile[], options: OpenOptions = {}): DumpImage {
  if (options.raw && files.length > 0) return openRaw(files, options.raw, options);
  const opened = files.map(restored);
  const format = opened[0] && formatOf(opened.map((one) => one.file));
  if (!format) throw Fault.of("missing", "no dump file given");
  const isMain = ({ file }: { readonly file: RandomFile }): boolean => format.probe(headOf(file));
  const [first, ...others] = [...opened.filter(isMain), ...opened.filter((one) => !isMain(one))];
  const other = format.hasOtherFiles ? undefined : others.find((one) => !isMain(one));
  if (first && other) {
    formatOf([other.file]);
    throw Fault.of("corrupt", `${first.file.name} and ${other.file.name} are not parts of the same dump`);
  }
  const image = format.open(
    [first, ...others].flatMap((one) => one?.file ?? []),
    options,
  );
  return first?.flat ? { ...image, format: `flattened ${image.format}` } : image;
}

function restored(file: RandomFile): { readonly flat: boolean; readonly file: RandomFile } {
  const flat = isFlat(headOf(file));
  return { flat, file: flat ? unflattened(file) : file };
}

/** Returns the name of the format of a dump that has these first bytes (8 KiB); undefined if it is not a dump. */
export function dumpFormatOf(head: Uint8Array): string | undefined {
  if (isFlat(head)) return "flattened";
  const format = formats.find((one) => one.probe(head));
  // ELF files that are not cores are recognized, so that the message about them is a good one.
  return format === elf && !isElfCore(head) ? undefined : format?.name;
}

/** Returns the format of the first file that one recognizes. @throws Fault that says what the first file is */
function formatOf(files: readonly RandomFile[]): DumpFormat {
  for (const file of files) {
    const head = headOf(file);
    const format = formats.find((one) => one.probe(head));
    if (format) return format;
  }
  const [file] = files;
  const head = file ? headOf(file) : new Uint8Array(0);
  if (head.length === 0) throw Fault.of("truncated", `${file?.name} is not a dump: the file is empty`);
  throw Fault.of("corrupt", `${file?.name} is not a dump: it is ${contentDescription(head)}`);
}

const headOf = (file: RandomFile): Uint8Array => orThrow(readBytes(file, 0, HEAD_BYTES));
