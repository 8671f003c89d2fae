/** Recognizes and opens dump files of all formats. */
import { Fault, orThrow } from "../base/fault.ts";
import { type RandomFile, readBytes } from "../base/file.ts";
import { elf } from "./formats/elf.ts";
import { isFlat, unflattened } from "./formats/flat.ts";
import type { DumpFormat, DumpImage, OpenOptions } from "./format.ts";
import { kdump } from "./formats/kdump.ts";
import { contentDescription } from "./recognize.ts";

/** All dump formats. To add one, write its file and list it here. */
export const formats: readonly DumpFormat[] = [kdump, elf];

const HEAD_BYTES = 4096;

/**
 * Opens a dump: one file, or all files of a split set in any order. Each may be flattened. @throws Fault corrupt,
 * missing or truncated when it is not a dump or its headers cannot be used; the message names the file
 */
export function openDump(files: readonly RandomFile[], options: OpenOptions = {}): DumpImage {
  const opened = files.map(restored);
  const [first, ...others] = opened.map((one) => one.file);
  if (!first) throw Fault.of("missing", "no dump file given");
  const format = formatOf(first);
  const other = others.find((file) => formatOf(file) !== format);
  if (other) throw Fault.of("corrupt", `${first.name} and ${other.name} are not parts of the same dump`);
  const image = format.open([first, ...others], options);
  return opened[0]?.flat ? { ...image, format: `flattened ${image.format}` } : image;
}

function restored(file: RandomFile): { readonly flat: boolean; readonly file: RandomFile } {
  const flat = isFlat(headOf(file));
  return { flat, file: flat ? unflattened(file) : file };
}

function formatOf(file: RandomFile): DumpFormat {
  const head = headOf(file);
  const format = formats.find((one) => one.probe(head));
  if (format) return format;
  if (head.length === 0) throw Fault.of("truncated", `${file.name} is not a dump: the file is empty`);
  throw Fault.of("corrupt", `${file.name} is not a dump: it is ${contentDescription(head)}`);
}

const headOf = (file: RandomFile): Uint8Array => orThrow(readBytes(file, 0, HEAD_BYTES));
