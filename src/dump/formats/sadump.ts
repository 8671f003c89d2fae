/** Opens dumps of sadump, the stand-alone dump of Fujitsu's firmware. */
import { viewOf } from "../../base/bytes.ts";
import { Fault, orThrow } from "../../base/fault.ts";
import { type RandomFile, readBytes, sliceFile } from "../../base/file.ts";
import type { DumpFormat, DumpImage, OpenOptions } from "../format.ts";
import { joinedFile } from "../joinedFile.ts";
import { bitmap } from "../kdump/bitmap.ts";
import { memoryImage } from "../memoryImage.ts";
import { cachedPages, FILE_ENDS, pageFault } from "../pages.ts";
import { processorNotes } from "../processorNotes.ts";
import { processorsOf } from "../smram.ts";

/** struct sadump_part_header: signature, positions of its fields, and the end of its fixed part. */
const SIGNATURE = "sadump\0\0";
const PART = { disk: 88, set: 104, time: 136, number: 152, used: 160, end: 168 };
/** Size in bytes of the header of a media backup, which precedes the header of the partition. */
const MEDIA_BLOCK = 4096;
/** struct sadump_header. */
const HEADER_BYTES = 120;
/** Maximum number of bytes that are read for a header. */
const MAX_BLOCK = 1 << 20;
/** Maximum number of CPUs that are read; a header may give more. */
const MAX_CPUS = 4096;

/** Dumps of sadump: one partition, a set of disks, or the backup of one on other media. */
export const sadump: DumpFormat = {
  name: "sadump",
  row: {
    writers: "the firmware of Fujitsu PRIMEQUEST and PRIMERGY servers",
    reads: "single partitions, disk sets in any order of their files, media backups; the registers of CPUs in SMRAM",
    source: "the structures in makedumpfile's sadump_mod.h",
    tested: "the files that libkdumpfile's test generator writes, and built files",
  },
  probe: (head) => isPart(head, 0) || isPart(head, MEDIA_BLOCK),
  open: (files, options) => openSadump(files, options),
};

const isPart = (bytes: Uint8Array, at: number): boolean =>
  Buffer.from(bytes.subarray(at, at + SIGNATURE.length)).toString("latin1") === SIGNATURE;

/** One file of a dump. */
interface Part {
  readonly file: RandomFile;
  /** Number of the disk in its set, from 1; 0 without a set. */
  readonly number: number;
  readonly blockSize: number;
  /** Bytes of the file that the dump uses. */
  readonly used: number;
  /** Offset of what follows the header of the partition. */
  readonly start: number;
  /** What all files of a set have in common. */
  readonly identity: string;
}

function partOf(file: RandomFile): Part {
  const head = orThrow(readBytes(file, 0, 2 * MEDIA_BLOCK));
  const at = isPart(head, 0) ? 0 : MEDIA_BLOCK;
  const bytes = orThrow(readBytes(file, at, MAX_BLOCK));
  if (bytes.length < PART.end + 8) throw Fault.of("truncated", `${file.name}: ends within its header`);
  const view = viewOf(bytes);
  const blockSize = blockSizeOf(view);
  if (!Number.isInteger(Math.log2(blockSize)) || blockSize < 1024)
    throw Fault.of(
      "corrupt",
      `${file.name}: a sadump header cannot have blocks of ${blockSize} bytes, which its magic numbers fill`,
    );
  return {
    file,
    number: at === 0 ? view.getUint32(PART.number, true) : 0,
    blockSize,
    used: Number(view.getBigUint64(PART.used, true)),
    start: at + blockSize,
    identity: Buffer.from([
      ...bytes.subarray(PART.disk, PART.set + 16),
      ...bytes.subarray(PART.time, PART.time + 16),
    ]).toString("hex"),
  };
}

/**
 * Returns the size of a block in bytes. The first block is filled with numbers, each computed from the one before: it
 * ends where this sequence ends.
 */
function blockSizeOf(view: DataView): number {
  let at = PART.end;
  while (at + 8 <= view.byteLength) {
    const next = Math.imul(11, view.getUint32(at, true) + 7) >>> 0;
    at += 4;
    if (view.getUint32(at, true) !== next) return at;
  }
  return at + 4;
}

/** Orders the files. @throws Fault corrupt if they are not one dump */
function setOf(files: readonly RandomFile[]): readonly [Part, ...Part[]] {
  const [first, ...others] = files.map(partOf).sort((a, b) => a.number - b.number);
  if (!first) throw Fault.of("missing", "no dump file given");
  others.forEach((part, i) => {
    const before = i === 0 ? first : others[i - 1];
    // A partition of its own has no number.
    if (part.identity !== first.identity || part.blockSize !== first.blockSize || first.number === 0)
      throw Fault.of("corrupt", `${first.file.name} and ${part.file.name} are not parts of the same dump`);
    if (before?.number === part.number)
      throw Fault.of("corrupt", `${before.file.name} and ${part.file.name} are the same disk of the set`);
  });
  if (first.number > 1) throw Fault.of("missing", `${first.file.name}: the first disk of the set was not given`);
  return [first, ...others];
}

/** Reads struct sadump_header. */
function header(file: RandomFile, at: number, blockSize: number) {
  const bytes = orThrow(readBytes(file, at, HEADER_BYTES));
  if (bytes.length < HEADER_BYTES) throw Fault.of("truncated", `${file.name}: ends within its header`);
  const view = viewOf(bytes);
  const u32 = (offset: number): number => view.getUint32(offset, true);
  if (!isPart(bytes, 0) || u32(40) !== blockSize)
    throw Fault.of("corrupt", `${file.name}: no sadump header at offset ${at}`);
  const version = u32(8);
  const time = [view.getUint16(16, true), ...bytes.subarray(18, 23)] as const;
  return {
    version,
    timestamp: Date.UTC(time[0], (time[1] ?? 1) - 1, time[2], time[3], time[4], time[5]) / 1000,
    subHeaderBlocks: u32(48),
    bitmapBlocks: u32(52),
    dumpableBlocks: u32(56),
    maxPfn: version < 1 ? u32(60) : Number(view.getBigUint64(88, true)),
    cpus: Math.min(u32(80), MAX_CPUS),
    currentCpu: u32(76),
    written: version < 1 ? u32(72) : Number(view.getBigUint64(112, true)),
  };
}

function openSadump(files: readonly RandomFile[], options: OpenOptions): DumpImage {
  const parts = setOf(files);
  const [{ file, blockSize, start, number, used }, ...others] = parts;
  // The header of a set of disks, whose first word is its size in blocks, precedes that of the dump.
  const word = orThrow(readBytes(file, start, 8));
  if (word.length < 8) throw Fault.of("truncated", `${file.name}: ends within its header`);
  const disks = number === 0 ? 1 : viewOf(word).getUint32(4, true);
  const headerAt = start + (number === 0 ? 0 : viewOf(word).getUint32(0, true) * blockSize);
  const main = header(file, headerAt, blockSize);
  const existingAt = headerAt + (1 + main.subHeaderBlocks) * blockSize;
  const dumpedAt = existingAt + main.bitmapBlocks * blockSize;
  const dataAt = dumpedAt + main.dumpableBlocks * blockSize;
  const limit = number === 0 ? file.size : Math.min(used, file.size);
  const data = joinedFile([
    sliceFile(file, dataAt, limit - dataAt),
    ...others.map((one) => sliceFile(one.file, one.start, Math.min(one.used, one.file.size) - one.start)),
  ]);
  const pages = dumpedPages(file, { data, blockSize, existingAt, dumpedAt, dataAt, maxPfn: main.maxPfn }, options);
  const { cpus, wordSize } = processorsOf(file, headerAt + blockSize, main.cpus);
  const notes = wordSize === 8 ? processorNotes(cpus) : [];
  return memoryImage(
    sadump.name,
    parts.map((one) => one.file),
    pages,
    {
      wordSize,
      notes,
      headerVersion: main.version,
      cpus: main.cpus,
      currentCpu: main.currentCpu,
      ...(main.timestamp > 0 ? { timestamp: main.timestamp } : {}),
      ...(main.written > 0 ? { writtenPages: main.written } : {}),
      ...(parts.length < disks ? { incomplete: "missing file" } : {}),
    },
  );
}

interface Places {
  readonly data: RandomFile;
  readonly blockSize: number;
  readonly existingAt: number;
  readonly dumpedAt: number;
  readonly dataAt: number;
  readonly maxPfn: number;
}

/** Reads pages: they are stored one after the other, in the order of the bitmap. */
function dumpedPages(file: RandomFile, { data, blockSize, ...places }: Places, { cacheBytes }: OpenOptions) {
  const { existingAt, dumpedAt, dataAt } = places;
  const maxPfn = Math.min(places.maxPfn, (dataAt - dumpedAt) * 8);
  const reversed = reversedBits(file);
  const bits = (at: number, end: number): number => Math.max(0, Math.min(maxPfn, (Math.min(end, file.size) - at) * 8));
  const existing = bitmap(reversed, existingAt, bits(existingAt, dumpedAt));
  const dumped = bitmap(reversed, dumpedAt, bits(dumpedAt, dataAt));
  const locate = (pfn: number): number | Fault => {
    if (pfn >= 0 && dumped.has(pfn)) return dumped.rank(pfn);
    return pfn >= 0 && existing.has(pfn)
      ? pageFault("excluded", pfn, blockSize, "page excluded from dump")
      : pageFault("missing", pfn, blockSize, "page not in dump");
  };
  const decode = (pfn: number): Uint8Array | Fault => {
    const rank = locate(pfn);
    if (rank instanceof Fault) return rank;
    const bytes = readBytes(data, rank * blockSize, blockSize);
    if (bytes instanceof Fault) return pageFault(bytes.kind, pfn, blockSize, bytes.message);
    return bytes.length === blockSize ? bytes : pageFault("truncated", pfn, blockSize, FILE_ENDS);
  };
  const isHeld = (pfn: number): boolean => (dumped.rank(pfn) + 1) * blockSize <= data.size;
  const next = (pfn: number): number => {
    const found = dumped.next(Math.max(0, pfn));
    // Ranks ascend: after the first page beyond the end all are.
    return found >= 0 && isHeld(found) ? found : -1;
  };
  return {
    pageSize: blockSize,
    maxPfn,
    page: cachedPages({ pageSize: blockSize, locate, decode }, cacheBytes),
    has: (pfn: number) => next(pfn) === pfn,
    next,
  };
}

/** Presents a file with the bits of each byte reversed, because sadump's bitmaps begin with the highest bit. */
function reversedBits(file: RandomFile): RandomFile {
  const reversed = Uint8Array.from({ length: 256 }, (_, byte) =>
    [0, 1, 2, 3, 4, 5, 6, 7].reduce((sum, bit) => sum | (((byte >> bit) & 1) << (7 - bit)), 0),
  );
  return {
    name: file.name,
    size: file.size,
    read: (offset, length) => file.read(offset, length).map((byte) => reversed[byte] ?? 0),
    close: () => file.close(),
  };
}
