/** Reads the headers of kdump-compressed files in every known layout. */
import { cString, viewOf, type ByteOrder } from "../../base/bytes.ts";
import { Fault, orThrow } from "../../base/fault.ts";
import { type RandomFile, readBytes } from "../../base/file.ts";
import { UTSNAME_FIELD, utsnameOf } from "../../base/utsname.ts";

/**
 * The headers are C structs of the machine that crashed (makedumpfile's diskdump_mod.h: struct disk_dump_header, struct
 * kdump_sub_header), and they do not say which machine that was. Each known layout of C structs is tried; the first one
 * that gives consistent headers is used.
 */
export interface Abi {
  readonly longSize: 4 | 8;
  /** Alignment of 64-bit members. */
  readonly align64: 4 | 8;
  /** Size of struct timeval. */
  readonly timevalSize: 8 | 16;
}

const abis: readonly Abi[] = [
  { longSize: 8, align64: 8, timevalSize: 16 }, // 64-bit machines
  { longSize: 4, align64: 8, timevalSize: 8 }, // ARM with a 32-bit time_t
  { longSize: 4, align64: 8, timevalSize: 16 }, // ARM with a 64-bit time_t
  { longSize: 4, align64: 4, timevalSize: 8 }, // i386, and QEMU's packed headers of any 32-bit guest
  { longSize: 4, align64: 4, timevalSize: 16 }, // i386 with a 64-bit time_t
];

export interface KdumpHeader {
  readonly byteOrder: ByteOrder;
  readonly abi: Abi;
  readonly main: MainHeader;
  readonly sub: SubHeader;
}

export type MainHeader = ReturnType<typeof mainHeader>;
export type SubHeader = ReturnType<typeof subHeader>;

export const SIGNATURE = "KDUMP   ";
/** The version that is written: the latest, with 64-bit page frame numbers. */
export const HEADER_VERSION = 6;
/** The predecessor of kdump-compressed: the same main header, bitmaps and descriptors, but another sub-header. */
const DISKDUMP_SIGNATURE = "DISKDUMP";
/** Number of bytes read of each header: enough for its longest layout. */
const MAIN_BYTES = 512;
const SUB_BYTES = 128;

export const isKdump = (head: Uint8Array): boolean => cString(head.subarray(0, 8)) === SIGNATURE;
export const isDiskdump = (head: Uint8Array): boolean => cString(head.subarray(0, 8)) === DISKDUMP_SIGNATURE;

/**
 * Reads the headers. Of the layouts with a valid main header, one with consistent positions that fits the machine's
 * name is preferred. @throws Fault corrupt if no layout gives a valid main header; truncated
 */
export function kdumpHeader(file: RandomFile): KdumpHeader {
  const head = orThrow(readBytes(file, 0, MAIN_BYTES));
  if (head.length < MAIN_BYTES) throw Fault.of("truncated", `${file.name}: ends within its header`);
  const candidates: KdumpHeader[] = [];
  for (const byteOrder of ["little", "big"] as const) {
    for (const abi of abis) {
      const main = mainHeader(new CStruct(head, byteOrder, abi));
      if (!isPlausibleMain(main)) continue;
      const bytes = new Uint8Array(SUB_BYTES);
      const isOld = isDiskdump(head);
      if (!isOld) bytes.set(orThrow(readBytes(file, main.blockSize, SUB_BYTES)));
      const sub = subHeader(new CStruct(bytes, byteOrder, abi), isOld ? 0 : main.headerVersion);
      candidates.push({ byteOrder, abi, main, sub });
    }
  }
  // If the file was cut off, its size says nothing about the layout.
  const plausible = [file.size, Infinity].flatMap((size) =>
    candidates.filter(({ main, sub }) => isPlausibleSub(sub, main, size)),
  );
  const best = plausible.find(agreesWithMachine) ?? plausible[0] ?? candidates[0];
  if (best) return best;
  throw Fault.of("corrupt", `${file.name}: the kdump header is not valid in any byte order or word size`);
}

/** Reads struct disk_dump_header. */
function mainHeader(c: CStruct) {
  c.skip(SIGNATURE.length);
  return {
    headerVersion: c.u32(),
    utsname: utsnameOf(() => c.text(UTSNAME_FIELD)),
    timestamp: c.timeval(),
    status: c.u32(),
    blockSize: c.u32(),
    subHeaderBlocks: c.u32(),
    bitmapBlocks: c.u32(),
    maxMapnr: c.u32(),
    totalRamBlocks: c.u32(),
    deviceBlocks: c.u32(),
    writtenBlocks: c.u32(),
    currentCpu: c.u32(),
    cpus: c.u32(),
  };
}

/** Reads struct kdump_sub_header. Members added after the file's header version are undefined. */
function subHeader(c: CStruct, version: number) {
  const since = <T>(first: number, read: () => T): T | undefined => (version >= first ? read() : undefined);
  return {
    physBase: c.longBits(),
    dumpLevel: since(1, () => c.u32()),
    split: since(2, () => c.u32()),
    startPfn: since(2, () => c.long()),
    endPfn: since(2, () => c.long()),
    vmcoreinfo: since(3, () => ({ offset: c.u64(), size: c.long() })),
    note: since(4, () => ({ offset: c.u64(), size: c.long() })),
    eraseinfo: since(5, () => ({ offset: c.u64(), size: c.long() })),
    startPfn64: since(6, () => c.u64()),
    endPfn64: since(6, () => c.u64()),
    maxMapnr64: since(6, () => c.u64()),
  };
}

const isPageSize = (size: number): boolean => size >= 1024 && size <= 1 << 20 && Number.isInteger(Math.log2(size));

function isPlausibleMain(main: MainHeader): boolean {
  const { headerVersion, blockSize, subHeaderBlocks, bitmapBlocks } = main;
  return (
    headerVersion < 256 && isPageSize(blockSize) && subHeaderBlocks > 0 && subHeaderBlocks < 1 << 20 && bitmapBlocks > 0
  );
}

/**
 * Whether positions are consistent. In a wrong layout, halves of neighbouring members form positions far outside the
 * headers. The text about erased data must be inside the file, because makedumpfile appends it after the pages
 * (write_kdump_eraseinfo).
 */
function isPlausibleSub(sub: SubHeader, main: MainHeader, fileSize: number): boolean {
  const end = (1 + main.subHeaderBlocks) * main.blockSize;
  const isWithin = (place: SubHeader["note"], limit: number): boolean =>
    !place ||
    (place.offset === 0 && place.size === 0) ||
    (place.offset >= main.blockSize && place.offset + place.size <= limit);
  const arePlacesValid = isWithin(sub.vmcoreinfo, end) && isWithin(sub.note, end) && isWithin(sub.eraseinfo, fileSize);
  // The 32-bit field is zero, the low half of the value (makedumpfile), or its greatest value (QEMU).
  const low = (sub.maxMapnr64 ?? 0) % 2 ** 32;
  const isPageCountValid = sub.maxMapnr64 === undefined || [0, low, 0xffffffff].includes(main.maxMapnr);
  return arePlacesValid && isPageCountValid && (sub.split ?? 0) <= 1;
}

/**
 * Whether the machine name in the header (uname -m) fits the layout. Old headers have too few other members to decide.
 */
function agreesWithMachine({ abi, main }: KdumpHeader): boolean {
  const { machine } = main.utsname;
  return machine === "" || (/64|s390x/.test(machine) ? 8 : 4) === abi.longSize;
}

/** Reads the members of a C struct in order of declaration. */
class CStruct {
  private at = 0;
  private readonly view: DataView;
  private readonly little: boolean;
  private readonly abi: Abi;

  constructor(bytes: Uint8Array, order: ByteOrder, abi: Abi) {
    this.view = viewOf(bytes);
    this.little = order === "little";
    this.abi = abi;
  }

  skip(size: number): void {
    this.at += size;
  }

  text(size: number): string {
    const start = this.take(size, 1);
    return cString(new Uint8Array(this.view.buffer, this.view.byteOffset + start, size));
  }

  u32(): number {
    return this.view.getUint32(this.take(4, 4), this.little);
  }

  /** Reads a 64-bit number. It is exact up to 2^53; a larger value is not a position in a file. */
  u64(): number {
    return Number(this.view.getBigUint64(this.take(8, this.abi.align64), this.little));
  }

  long(): number {
    return this.abi.longSize === 8 ? this.u64() : this.u32();
  }

  longBits(): bigint {
    return this.abi.longSize === 8 ? this.view.getBigUint64(this.take(8, 8), this.little) : BigInt(this.u32());
  }

  /** Reads the whole seconds of a timeval and skips its microseconds. */
  timeval(): number {
    if (this.abi.timevalSize === 8) {
      const seconds = this.u32();
      this.u32();
      return seconds;
    }
    const seconds = this.u64();
    this.u64();
    return seconds;
  }

  private take(size: number, align: number): number {
    const start = Math.ceil(this.at / align) * align;
    this.at = start + size;
    return start;
  }
}
