/** The files of a split dump. */
import { Fault } from "../../base/fault.ts";
import type { RandomFile } from "../../base/file.ts";
import type { Bitmap } from "./bitmap.ts";
import { DESCRIPTOR_BYTES, descriptorCount, descriptors, type Descriptor } from "./descriptors.ts";
import { kdumpHeader, type KdumpHeader } from "./kdumpHeader.ts";

/** One file of a split set, or the only file of a dump. */
export interface Member {
  readonly file: RandomFile;
  readonly header: KdumpHeader;
  /**
   * The range of pages whose descriptors and bytes are in this file; `endPfn` is exclusive, and Infinity for a dump
   * that is not split.
   */
  readonly startPfn: number;
  readonly endPfn: number;
  /** Offset of the table of page descriptors. */
  readonly descriptorStart: number;
  readonly descriptor: (index: number) => Descriptor | Fault;
  /** Number of descriptors in the file. The bitmap can promise more if the file was cut off. */
  readonly descriptorCount: number;
}

/** Members in the order of their pages. */
export type Members = readonly [Member, ...Member[]];

/** Reads the headers of one file of a dump. @throws Fault corrupt or truncated when the headers cannot be used */
export function member(file: RandomFile): Member {
  const header = kdumpHeader(file);
  const { main, sub, byteOrder } = header;
  const descriptorStart = (1 + main.subHeaderBlocks + main.bitmapBlocks) * main.blockSize;
  const isSplit = sub.split === 1;
  return {
    file,
    header,
    startPfn: isSplit ? (sub.startPfn64 ?? sub.startPfn ?? 0) : 0,
    endPfn: isSplit ? (sub.endPfn64 ?? sub.endPfn ?? 0) : Infinity,
    descriptorStart,
    descriptor: descriptors(file, descriptorStart, byteOrder),
    descriptorCount: descriptorCount(file, descriptorStart),
  };
}

/** Number of descriptors examined at the end of the table. Zero pages share one position near its beginning. */
const LAST_DESCRIPTORS = 2048;

/**
 * Returns the least size of a complete file, in bytes. The first page follows the table of descriptors, which gives the
 * length of the table (makedumpfile: write_kdump_pages; QEMU: write_dump_pages); the last descriptors give the end of
 * the last page.
 */
export function extentOf({ header, descriptorStart, descriptor }: Member): number {
  const first = descriptor(0);
  const count = first instanceof Fault ? 0 : Math.floor((first.offset - descriptorStart) / DESCRIPTOR_BYTES);
  let before: Descriptor | undefined;
  let extent = 0;
  for (let i = Math.max(0, count - LAST_DESCRIPTORS); i < count; i++) {
    const at = descriptor(i);
    if (at instanceof Fault) return descriptorStart + count * DESCRIPTOR_BYTES;
    // Pages are stored one after the other; a damaged descriptor does not fit in between.
    if (at.size <= header.main.blockSize && before && before.offset + before.size === at.offset)
      extent = Math.max(extent, at.offset + at.size);
    before = at;
  }
  return Math.max(extent, descriptorStart);
}

/** Combines the files of one dump. @throws Fault corrupt when they are not parts of one dump */
export function setOf(members: Member[]): Members {
  const [first, ...others] = members.sort((a, b) => a.startPfn - b.startPfn);
  if (!first) throw Fault.of("missing", "no dump file given");
  let previous = first;
  for (const other of others) {
    if (other.endPfn === Infinity || first.endPfn === Infinity) {
      const whole = first.endPfn === Infinity ? first : other;
      throw Fault.of("corrupt", `${whole.file.name} is a whole dump: give it alone`);
    }
    if (!isSameDump(first, other)) {
      throw Fault.of("corrupt", `${first.file.name} and ${other.file.name} are not parts of the same dump`);
    }
    if (other.startPfn < previous.endPfn) {
      throw Fault.of("corrupt", `${previous.file.name} and ${other.file.name} are the same part of the dump`);
    }
    previous = other;
  }
  return [first, ...others];
}

function isSameDump({ header: a }: Member, { header: b }: Member): boolean {
  const key = ({ byteOrder, abi, main, sub }: KdumpHeader): string =>
    JSON.stringify([byteOrder, abi, main.utsname, main.blockSize, main.bitmapBlocks, main.maxMapnr, sub.maxMapnr64]);
  return key(a) === key(b);
}

/** Whether all files of the dump were given. */
export function isWhole(members: Members, maxPfn: number): boolean {
  let covered = 0;
  for (const { startPfn, endPfn } of members) if (startPfn <= covered) covered = endPfn;
  return covered >= maxPfn;
}

/** Finds the member that contains a page, and the rank of the member's first page, from which its descriptors count. */
export function memberFinder(members: Members, dumped: Bitmap) {
  const known = members.map((one) => ({ member: one, firstRank: one.startPfn === 0 ? 0 : -1 }));
  return (pfn: number): { readonly member: Member; readonly firstRank: number } | undefined => {
    const found = known.find(({ member }) => pfn >= member.startPfn && pfn < member.endPfn);
    if (found && found.firstRank < 0) found.firstRank = dumped.rank(found.member.startPfn);
    return found;
  };
}
