/** Dumps that hold memory, and few facts besides it. */
import type { RandomFile } from "../base/file.ts";
import type { DumpFacts, DumpImage } from "./format.ts";
import type { PhysicalPages } from "./ranges.ts";

/** What a format knows besides pages. The default is a 64-bit little-endian machine without notes. */
export type KnownFacts = Partial<
  Pick<DumpImage, "byteOrder" | "wordSize" | "elfMachine" | "notes" | "vmcoreinfo" | "segments">
> &
  Partial<DumpFacts>;

/**
 * Returns an image of pages. If `known` has no VMCOREINFO, the kernel is found by a search of memory for it.
 * @param files the files as the user named them; closed with the image
 */
export function memoryImage(
  format: string,
  files: readonly RandomFile[],
  pages: PhysicalPages,
  known: KnownFacts = {},
): DumpImage {
  const { byteOrder, wordSize, elfMachine, notes, vmcoreinfo, segments, ...facts } = known;
  const [file] = files;
  return {
    ...pages,
    ...(file && { file }),
    format,
    byteOrder: byteOrder ?? "little",
    wordSize: wordSize ?? 8,
    elfMachine,
    notes: notes ?? [],
    vmcoreinfo,
    segments: segments ?? [],
    facts: { files: files.map((one) => one.name), ...facts },
    close: () => files.forEach((one) => one.close()),
  };
}

/** Returns the fact that a file is shorter than its headers say; empty if it is not. */
export const cutFact = (file: RandomFile, expected: number): Pick<DumpFacts, "cut"> =>
  expected > file.size ? { cut: { size: file.size, expected } } : {};
