import { cString } from "../base/bytes.ts";
import { Fault, orThrow } from "../base/fault.ts";
import type { RandomFile } from "../base/file.ts";
import { bitmap, type Bitmap } from "./bitmap.ts";
import { compressors, decompressPage } from "./compressors.ts";
import { descriptors, type Descriptor } from "./descriptors.ts";
import type { DumpFacts, DumpFormat, DumpImage, OpenOptions } from "./format.ts";
import { isKdump, kdumpHeader, type KdumpHeader } from "./kdumpHeader.ts";
import { readNotes, vmcoreinfoOf, type Place } from "./notes.ts";
import { cachedPages, FILE_ENDS, pageFault, readBytes } from "./pages.ts";

/** status of a dump for which the disk was too small (makedumpfile's diskdump_mod.h). */
const DUMP_DH_COMPRESSED_INCOMPLETE = 0x8;
/** What a lying size may cost. */
const MAX_TEXT_BYTES = 1 << 20;

/** kdump-compressed files, header versions 1-6, of makedumpfile and QEMU; whole or split. */
export const kdump: DumpFormat = {
  name: "kdump-compressed",
  probe: isKdump,
  open: (files, options) => openKdump(files, options),
};

/** One file of the set; of a dump that was not split, the only one. */
interface Member {
  readonly file: RandomFile;
  readonly header: KdumpHeader;
  /** The pages whose descriptors and bytes are in this file. */
  readonly startPfn: number;
  readonly endPfn: number;
  readonly descriptor: (index: number) => Descriptor | Fault;
}

function openKdump(files: readonly RandomFile[], options: OpenOptions): DumpImage {
  const members = setOf(files.map(member));
  const { file, header } = members[0];
  const { main, sub } = header;
  const notes = readNotes(file, sub.note ? [sub.note] : [], header.byteOrder);
  return {
    ...pages(members, options),
    format: kdump.name,
    byteOrder: header.byteOrder,
    wordSize: header.abi.longSize,
    elfMachine: undefined,
    pageSize: main.blockSize,
    notes,
    vmcoreinfo: textAt(file, sub.vmcoreinfo) ?? vmcoreinfoOf(notes),
    facts: facts(members),
    segments: [],
    close: () => members.forEach((one) => one.file.close()),
  };
}

function member(file: RandomFile): Member {
  const header = kdumpHeader(file);
  const { main, sub, byteOrder } = header;
  const descriptorStart = (1 + main.subHeaderBlocks + main.bitmapBlocks) * main.blockSize;
  const split = sub.split === 1;
  return {
    file,
    header,
    startPfn: split ? (sub.startPfn64 ?? sub.startPfn ?? 0) : 0,
    endPfn: split ? (sub.endPfn64 ?? sub.endPfn ?? 0) : Infinity,
    descriptor: descriptors(file, descriptorStart, byteOrder),
  };
}

/**
 * The files in order of their pages.
 * @throws Fault corrupt when they are not parts of one dump
 */
function setOf(members: Member[]): [Member, ...Member[]] {
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

function pages(members: readonly [Member, ...Member[]], { cacheBytes }: OpenOptions): PageReading {
  const [{ file, header }] = members;
  const { main, sub } = header;
  const pageSize = main.blockSize;
  const bitmapStart = (1 + main.subHeaderBlocks) * pageSize;
  const bitmapBytes = main.bitmapBlocks * pageSize;
  // Two bitmaps, of pages that exist and of pages that were dumped, or, of old, the second alone.
  const pageCount = sub.maxMapnr64 ?? main.maxMapnr;
  const double = main.bitmapBlocks >= 2 * Math.ceil(Math.ceil(pageCount / 8) / pageSize);
  const oneBitmap = double ? bitmapBytes / 2 : bitmapBytes;
  const dumpedStart = bitmapStart + bitmapBytes - oneBitmap;
  const maxPfn = Math.min(pageCount, oneBitmap * 8);
  const existing = double ? bitmap(file, bitmapStart, inFile(bitmapStart)) : undefined;
  const dumped = bitmap(file, dumpedStart, inFile(dumpedStart));
  const memberOf = memberFinder(members, dumped);

  /** No bit beyond the file's end is looked for, whatever the header says. */
  function inFile(start: number): number {
    return Math.max(0, Math.min(maxPfn, (file.size - start) * 8));
  }

  function descriptor(pfn: number): { in: Member; at: Descriptor } | Fault {
    if (!dumped.has(pfn)) return absent(pfn);
    const found = memberOf(pfn);
    if (!found) return pageFault("missing", pfn, pageSize, "page is in a file of the split dump that was not given");
    const at = found.member.descriptor(dumped.rank(pfn) - found.firstRank);
    if (at instanceof Fault) return pageFault(at.kind, pfn, pageSize, at.message);
    if (at.offset === 0) return pageFault("missing", pfn, pageSize, "page was not written: the dump is incomplete");
    return { in: found.member, at };
  }

  function absent(pfn: number): Fault {
    if (pfn >= 0 && pfn < maxPfn && dumpedStart + pfn / 8 >= file.size) {
      return pageFault("truncated", pfn, pageSize, "dump file ends within its bitmap");
    }
    return existing?.has(pfn)
      ? pageFault("excluded", pfn, pageSize, "page excluded from dump")
      : pageFault("missing", pfn, pageSize, "page not in dump");
  }

  const page = cachedPages(
    {
      pageSize,
      locate(pfn) {
        const found = descriptor(pfn);
        return found instanceof Fault ? found : found.at.offset * members.length + members.indexOf(found.in);
      },
      decode(pfn) {
        const found = descriptor(pfn);
        if (found instanceof Fault) return found;
        const { offset, size, flags } = found.at;
        // makedumpfile and QEMU store what does not shrink as it is: nothing is larger than a page.
        if (size > pageSize) return pageFault("corrupt", pfn, pageSize, `page is stored as ${size} bytes`);
        const bytes = readBytes(found.in.file, offset, size);
        if (bytes instanceof Fault) return pageFault(bytes.kind, pfn, pageSize, bytes.message);
        if (bytes.length < size) return pageFault("truncated", pfn, pageSize, FILE_ENDS);
        const decoded = decompressPage(bytes, flags, pageSize);
        if (!(decoded instanceof Fault)) return decoded;
        return pageFault(decoded.kind, pfn, pageSize, `page cannot be decompressed: ${decoded.message}`);
      },
    },
    cacheBytes,
  );
  return {
    maxPfn,
    page,
    has: (pfn) => dumped.has(pfn) && memberOf(pfn) !== undefined,
    next(pfn) {
      for (let at = dumped.next(pfn); at >= 0;) {
        if (memberOf(at)) return at;
        const later = members.find((one) => one.startPfn > at);
        at = later ? dumped.next(later.startPfn) : -1;
      }
      return -1;
    },
  };
}

type PageReading = Pick<DumpImage, "maxPfn" | "page" | "has" | "next">;

/** Finds the member that holds a page, and the rank of that member's first page: descriptors count from there. */
function memberFinder(members: readonly Member[], dumped: Bitmap) {
  const known = members.map((one) => ({ member: one, firstRank: one.startPfn === 0 ? 0 : -1 }));
  return (pfn: number): { readonly member: Member; readonly firstRank: number } | undefined => {
    const found = known.find(({ member }) => pfn >= member.startPfn && pfn < member.endPfn);
    if (found && found.firstRank < 0) found.firstRank = dumped.rank(found.member.startPfn);
    return found;
  };
}

function textAt(file: RandomFile, place: Place | undefined): string | undefined {
  if (!place || place.offset === 0 || place.size === 0) return undefined;
  const bytes = orThrow(readBytes(file, place.offset, Math.min(place.size, MAX_TEXT_BYTES)));
  return bytes.length > 0 ? cString(bytes) : undefined;
}

function facts(members: readonly [Member, ...Member[]]): DumpFacts {
  const [{ file, header }] = members;
  const { main, sub, abi } = header;
  const compression = compressors.find((one) => (main.status & one.flag) !== 0)?.name;
  const eraseinfo = textAt(file, sub.eraseinfo);
  return {
    files: members.map((one) => one.file.name),
    headerVersion: main.headerVersion,
    incomplete: members.some((one) => (one.header.main.status & DUMP_DH_COMPRESSED_INCOMPLETE) !== 0),
    cpus: main.cpus,
    currentCpu: main.currentCpu,
    physBase: abi.longSize === 8 ? BigInt.asIntN(64, sub.physBase) : sub.physBase,
    // QEMU leaves these fields zero.
    ...(main.timestamp > 0 ? { timestamp: main.timestamp } : {}),
    ...(main.writtenBlocks > 0 ? { writtenPages: main.writtenBlocks } : {}),
    ...(main.utsname.sysname ? { utsname: main.utsname } : {}),
    ...(sub.dumpLevel === undefined ? {} : { dumpLevel: sub.dumpLevel }),
    ...(compression === undefined ? {} : { compression }),
    ...(eraseinfo === undefined ? {} : { eraseinfo }),
  };
}
