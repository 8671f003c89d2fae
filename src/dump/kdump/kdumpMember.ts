import { Fault } from "../../base/fault.ts";
import type { RandomFile } from "../../base/file.ts";
import type { Bitmap } from "./bitmap.ts";
import { DESCRIPTOR_BYTES, descriptorCount, descriptors, type Descriptor } from "./descriptors.ts";
import { kdumpHeader, type KdumpHeader } from "./kdumpHeader.ts";

/** One file of the set; of a dump that was not split, the only one. */
export interface Member {
  readonly file: RandomFile;
  readonly header: KdumpHeader;
  /** The pages whose descriptors and bytes are in this file. */
  readonly startPfn: number;
  readonly endPfn: number;
  /** Where the table of page descriptors begins. */
  readonly descriptorStart: number;
  readonly descriptor: (index: number) => Descriptor | Fault;
  /** Descriptors that lie in the file: a bitmap may promise more. */
  readonly descriptorCount: number;
}

/** In the order of their pages. */
export type Members = readonly [Member, ...Member[]];

/** @throws Fault corrupt or truncated when its headers cannot be used */
export function member(file: RandomFile): Member {
  const header = kdumpHeader(file);
  const { main, sub, byteOrder } = header;
  const descriptorStart = (1 + main.subHeaderBlocks + main.bitmapBlocks) * main.blockSize;
  const split = sub.split === 1;
  return {
    file,
    header,
    startPfn: split ? (sub.startPfn64 ?? sub.startPfn ?? 0) : 0,
    endPfn: split ? (sub.endPfn64 ?? sub.endPfn ?? 0) : Infinity,
    descriptorStart,
    descriptor: descriptors(file, descriptorStart, byteOrder),
    descriptorCount: descriptorCount(file, descriptorStart),
  };
}

/** Descriptors at the end of the table that are looked at: pages of zeros share one place near its beginning. */
const LAST_DESCRIPTORS = 2048;

/**
 * Bytes that the file has to have at least. The first page lies behind the table of descriptors, which tells how long
 * that is (makedumpfile: write_kdump_pages; QEMU: write_dump_pages); the last of them say where the last page ends.
 */
export function extentOf({ header, descriptorStart, descriptor }: Member): number {
  const first = descriptor(0);
  const count = first instanceof Fault ? 0 : Math.floor((first.offset - descriptorStart) / DESCRIPTOR_BYTES);
  let before: Descriptor | undefined;
  let extent = 0;
  for (let i = Math.max(0, count - LAST_DESCRIPTORS); i < count; i++) {
    const at = descriptor(i);
    if (at instanceof Fault) return descriptorStart + count * DESCRIPTOR_BYTES;
    // Pages follow one another: a damaged descriptor does not fit in.
    if (at.size <= header.main.blockSize && before && before.offset + before.size === at.offset)
      extent = Math.max(extent, at.offset + at.size);
    before = at;
  }
  return Math.max(extent, descriptorStart);
}

/**
 * The files as one dump.
 * @throws Fault corrupt when they are not parts of one dump
 */
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

/** Whether no part of the dump is in a file that was not given. */
export function isWhole(members: Members, maxPfn: number): boolean {
  let covered = 0;
  for (const { startPfn, endPfn } of members) if (startPfn <= covered) covered = endPfn;
  return covered >= maxPfn;
}

/** Finds the member that holds a page, and the rank of that member's first page: descriptors count from there. */
export function memberFinder(members: Members, dumped: Bitmap) {
  const known = members.map((one) => ({ member: one, firstRank: one.startPfn === 0 ? 0 : -1 }));
  return (pfn: number): { readonly member: Member; readonly firstRank: number } | undefined => {
    const found = known.find(({ member }) => pfn >= member.startPfn && pfn < member.endPfn);
    if (found && found.firstRank < 0) found.firstRank = dumped.rank(found.member.startPfn);
    return found;
  };
}
