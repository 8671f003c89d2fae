/** Opens memory images of LiME. */
import { viewOf } from "../../base/bytes.ts";
import { Fault, orThrow } from "../../base/fault.ts";
import { type RandomFile, readBytes } from "../../base/file.ts";
import type { DumpFormat } from "../format.ts";
import { cutFact, memoryImage } from "../memoryImage.ts";
import { Ranges } from "../ranges.ts";

/** The magic number 0x4c694d45 as it is in the file. */
const MAGIC = "EMiL";
/** The magic number 0x4c4d5641 as it is in the file. */
export const AVML_MAGIC = "AVML";
export const LIME_HEADER_BYTES = 32;
/** Maximum number of ranges, because a damaged file must not make thousands of millions. Machines have a few dozen. */
const MAX_RANGES = 1 << 16;
const PAGE_BYTES = 4096;

/** The header of a range. AVML gives a compressed range another magic number. */
export interface LimeHeader {
  readonly isCompressed: boolean;
  readonly physical: number;
  /** Bytes of memory. */
  readonly size: number;
}

/** Memory images that the kernel module LiME writes with `format=lime`, and AVML without compression. */
export const lime: DumpFormat = {
  name: "LiME",
  row: {
    writers: "the LiME kernel module with `format=lime`; AVML without compression",
    reads: "all ranges; for `format=raw` give `--base`",
    source: 'LiME\'s README, "LiME Memory Range Header Version 1 Specification"',
    tested: "the memory of a QEMU guest, written in this format by the test suite, and built files",
  },
  probe: (head) => Buffer.from(head.subarray(0, 4)).toString("latin1") === MAGIC,
  open([file, second], options) {
    if (!file || second) throw Fault.of("corrupt", "a LiME image is one file, not a set");
    const ranges = new Ranges();
    for (let at = 0, count = 0; at + LIME_HEADER_BYTES <= file.size; count++) {
      const header = limeHeader(file, at, count);
      if (header.isCompressed)
        throw Fault.of(
          "corrupt",
          `${file.name}: the LiME image has a compressed range at offset ${at}, which is not supported`,
        );
      at += LIME_HEADER_BYTES;
      ranges.add({ physical: header.physical, offset: at, fileSize: header.size });
      at += header.size;
    }
    return memoryImage(lime.name, [file], ranges.pages(file, PAGE_BYTES, options), cutFact(file, ranges.extent));
  },
};

/**
 * Reads the header of a range. @param count number of ranges before it @throws Fault corrupt if there is none, or its
 * range is not possible
 */
export function limeHeader(file: RandomFile, at: number, count: number): LimeHeader {
  const bytes = orThrow(readBytes(file, at, LIME_HEADER_BYTES));
  const magic = Buffer.from(bytes.subarray(0, 4)).toString("latin1");
  if (bytes.length < LIME_HEADER_BYTES || (magic !== MAGIC && magic !== AVML_MAGIC))
    throw Fault.of("corrupt", `${file.name}: no header of a memory range at offset ${at}`);
  if (count === MAX_RANGES) throw Fault.of("corrupt", `${file.name}: more than ${MAX_RANGES} memory ranges`);
  const view = viewOf(bytes);
  const first = Number(view.getBigUint64(8, true));
  const last = Number(view.getBigUint64(16, true));
  if (last < first) throw Fault.of("corrupt", `${file.name}: the memory range at offset ${at} ends before it starts`);
  if (!Number.isSafeInteger(last + 1))
    throw Fault.of("corrupt", `${file.name}: the memory range at offset ${at} has too large an address`);
  return { isCompressed: magic === AVML_MAGIC, physical: first, size: last + 1 - first };
}
