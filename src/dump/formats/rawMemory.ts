/** Opens memory without any header, whose place the user gives. */
import { Fault } from "../../base/fault.ts";
import type { RandomFile } from "../../base/file.ts";
import { joinedFile } from "../joinedFile.ts";
import type { DumpImage, OpenOptions, RawRange } from "../format.ts";
import { cutFact, type KnownFacts, memoryImage } from "../memoryImage.ts";
import { Ranges } from "../ranges.ts";

const PAGE_BYTES = 4096;

/** The row of raw memory in docs/formats.md. It has no probe: `--base` makes a file raw memory. */
export const rawRow = {
  writers: "QEMU `pmemsave`, LiME with `format=raw`, `dd` of a memory device, JTAG probes, firmware",
  reads:
    "one range (`--base ADDR`) or several (`--base FIRST-LAST,FIRST-LAST`, as /proc/iomem prints them); several files are one after the other",
  source: "none: the file is memory",
  tested: "`pmemsave` of a QEMU guest, and built files",
} as const;

/**
 * Opens files as raw memory, one after the other. The last range ends with the last file.
 * @throws Fault corrupt if the ranges do not fit
 */
export function openRaw(files: readonly RandomFile[], raw: readonly RawRange[], options: OpenOptions): DumpImage {
  const file = joinedFile(files);
  const ranges = new Ranges();
  let offset = 0;
  for (const { first, last } of raw) {
    const fileSize = last === undefined ? file.size - offset : last + 1 - first;
    if (fileSize <= 0) throw Fault.of("corrupt", `${file.name}: has no bytes for the range at 0x${first.toString(16)}`);
    ranges.add({ physical: first, offset, fileSize });
    offset += fileSize;
  }
  if (offset < file.size)
    throw Fault.of(
      "corrupt",
      `${file.name}: has ${file.size} bytes, and the ranges of --base cover only ${offset}: add the missing ranges`,
    );
  return memoryImage("raw memory", files, ranges.pages(file, PAGE_BYTES, options), cutFact(file, ranges.extent));
}

/**
 * Opens a device whose offsets are physical addresses.
 * @param ranges the memory that the machine has
 * @param known facts about the machine
 */
export function openAddressed(file: RandomFile, ranges: readonly RawRange[], known: KnownFacts): DumpImage {
  const placed = new Ranges();
  for (const { first, last = first - 1 } of ranges)
    placed.add({ physical: first, offset: first, fileSize: last + 1 - first });
  return memoryImage("physical memory", [file], placed.pages(file, PAGE_BYTES, {}), known);
}

/**
 * Parses `ADDR` or `FIRST-LAST,FIRST-LAST...`, hexadecimal with or without 0x. @returns undefined if the text is
 * neither
 */
export function rawRanges(text: string): readonly RawRange[] | undefined {
  const ranges = text.split(",").map((part): RawRange | undefined => {
    const [, first = "", last] = /^(?:0x)?([0-9a-f]{1,13})(?:-(?:0x)?([0-9a-f]{1,13}))?$/i.exec(part.trim()) ?? [];
    if (first === "") return undefined;
    const range = {
      first: Number.parseInt(first, 16),
      last: last === undefined ? undefined : Number.parseInt(last, 16),
    };
    return range.last !== undefined && range.last < range.first ? undefined : range;
  });
  const known = ranges.filter((one) => one !== undefined);
  const isOpen = known.slice(0, -1).some(({ last }) => last === undefined);
  return known.length === ranges.length && !isOpen ? known : undefined;
}
