/** Opens kdump-compressed files. */
import { cString } from "../../base/bytes.ts";
import { orThrow } from "../../base/fault.ts";
import { type RandomFile, readBytes } from "../../base/file.ts";
import { compressors } from "../compress/compressors.ts";
import type { DumpFacts, DumpFormat, DumpImage, OpenOptions } from "../format.ts";
import { sourcePages } from "../kdump/distilled.ts";
import { isDiskdump, isKdump } from "../kdump/kdumpHeader.ts";
import { extentOf, isWhole, member, setOf, type Member, type Members } from "../kdump/kdumpMember.ts";
import { kdumpPages } from "../kdump/kdumpPages.ts";
import { readNotes, vmcoreinfoOf, type FileRange } from "../../elf/notes.ts";

/** Header status of a dump that did not fit on its disk (makedumpfile's diskdump_mod.h). */
const DUMP_DH_COMPRESSED_INCOMPLETE = 0x8;
/**
 * Maximum size in bytes of the text about erased data, which has one line per object of a list. A damaged size must not
 * allocate more.
 */
const MAX_TEXT_BYTES = 1 << 24;

/** kdump-compressed files of makedumpfile and QEMU, header versions 1 to 6, whole or split. */
export const kdump: DumpFormat = {
  name: "kdump-compressed",
  row: {
    writers: "makedumpfile, QEMU `dump-guest-memory` with a `kdump-` format",
    reads:
      "header versions 1 to 6, both word sizes and byte orders; pages in zlib, LZO, Snappy, zstd or uncompressed; split sets in any order, incomplete files, erased data",
    source: "makedumpfile's IMPLEMENTATION and diskdump_mod.h; QEMU's include/sysemu/dump.h",
    tested: "dumps of makedumpfile and QEMU, and built files",
  },
  probe: isKdump,
  open: (files, options) => openKdump(kdump.name, files, options),
};

/** Files of Red Hat's diskdump driver, the predecessor of kdump. */
export const diskdump: DumpFormat = {
  name: "diskdump",
  row: {
    writers: "the diskdump driver of Red Hat Enterprise Linux 3 and 4",
    reads: "pages and the name of the machine; the registers in the sub-header are not read",
    source: "makedumpfile's diskdump_mod.h",
    tested: "built files only",
  },
  probe: isDiskdump,
  open: (files, options) => openKdump(diskdump.name, files, options),
};

function openKdump(format: string, files: readonly RandomFile[], options: OpenOptions): DumpImage {
  const members = setOf(files.map(member));
  const { file, header } = members[0];
  const { sub } = header;
  const notes = readNotes(file, sub.note ? [sub.note] : [], header.byteOrder);
  const eraseinfo = textAt(file, sub.eraseinfo);
  const pages = kdumpPages(members, options, (maxPfn) => sourcePages(file, eraseinfo, maxPfn));
  return {
    ...pages,
    file,
    format,
    byteOrder: header.byteOrder,
    wordSize: header.abi.longSize,
    elfMachine: undefined,
    notes,
    vmcoreinfo: textAt(file, sub.vmcoreinfo) ?? vmcoreinfoOf(notes),
    facts: kdumpFacts(members, pages.maxPfn, eraseinfo),
    segments: [],
    close: () => members.forEach((one) => one.file.close()),
  };
}

function textAt(file: RandomFile, place: FileRange | undefined): string | undefined {
  if (!place || place.offset === 0 || place.size === 0) return undefined;
  const bytes = orThrow(readBytes(file, place.offset, Math.min(place.size, MAX_TEXT_BYTES)));
  return bytes.length > 0 ? cString(bytes) : undefined;
}

function kdumpFacts(members: Members, maxPfn: number, eraseinfo: string | undefined): DumpFacts {
  const { main, sub, abi } = members[0].header;
  const compression = compressors.find((one) => (main.status & one.flag) !== 0)?.name;
  const size = members.reduce((sum, one) => sum + one.file.size, 0);
  const expected = members.reduce((sum, one) => sum + Math.max(one.file.size, extentOf(one)), 0);
  return {
    files: members.map((one) => one.file.name),
    headerVersion: main.headerVersion,
    ...(members.some(ranOutOfSpace)
      ? { incomplete: "no space" }
      : isWhole(members, maxPfn)
        ? {}
        : { incomplete: "missing file" }),
    cpus: main.cpus,
    currentCpu: main.currentCpu,
    physBase: abi.longSize === 8 ? BigInt.asIntN(64, sub.physBase) : sub.physBase,
    // QEMU leaves these fields zero.
    ...(main.timestamp > 0 ? { timestamp: main.timestamp } : {}),
    ...(main.writtenBlocks > 0 ? { writtenPages: main.writtenBlocks } : {}),
    ...(main.utsname.sysname ? { utsname: main.utsname } : {}),
    ...(expected > size ? { cut: { size, expected } } : {}),
    ...(sub.dumpLevel === undefined ? {} : { dumpLevel: sub.dumpLevel }),
    ...(compression === undefined ? {} : { compression }),
    ...(eraseinfo === undefined ? {} : { eraseinfo }),
  };
}

const ranOutOfSpace = ({ header }: Member): boolean => (header.main.status & DUMP_DH_COMPRESSED_INCOMPLETE) !== 0;
