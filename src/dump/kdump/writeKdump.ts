/** Writes kdump-compressed files (makedumpfile's IMPLEMENTATION and diskdump_mod.h). */
import * as nodeZlib from "node:zlib";
import type { ByteOrder } from "../../base/bytes.ts";
import { viewOf } from "../../base/bytes.ts";
import { Fault } from "../../base/fault.ts";
import { zstd } from "../compress/zstd.ts";
import type { Note } from "../format.ts";
import type { FileRange } from "../../elf/notes.ts";
import { UTSNAME_FIELD, type Utsname } from "../../base/utsname.ts";
import { type WritableFile, writeBitmap } from "./bitmapWriter.ts";
import { DESCRIPTOR_BYTES } from "./descriptors.ts";
import { SOURCE_PAGES } from "./distilled.ts";
import { type Abi, HEADER_VERSION, SIGNATURE } from "./kdumpHeader.ts";

/** Contents of a kdump-compressed file. */
export interface KdumpContents {
  readonly byteOrder: ByteOrder;
  readonly abi: Abi;
  /** Page size in bytes. */
  readonly pageSize: number;
  /** One more than the highest page frame number. */
  readonly maxPfn: number;
  readonly utsname: Utsname;
  /** In seconds since the epoch. */
  readonly timestamp: number;
  readonly cpus: number;
  readonly physBase: bigint;
  readonly dumpLevel: number;
  readonly notes: readonly Note[];
  readonly vmcoreinfo: string | undefined;
  /** Lines of text about what was erased or not kept. */
  readonly eraseinfo: string;
  /** The pages, ascending. */
  readonly pfns: Float64Array;
  /** Pages that the machine had and that are not in the file, ascending. */
  readonly excluded: Float64Array;
  /** The pages of the dump that this one is distilled from, ascending; undefined if it is not distilled. */
  readonly source: Iterable<number> | undefined;
  page(pfn: number): Uint8Array | Fault;
}

/** Number of pages between two reports of progress. */
const STEP = 256;
const SUB_HEADER_BYTES = 256;
/** Number of descriptors that are written at once. */
const DESCRIPTORS = 4096;

/**
 * Writes a kdump-compressed file, its pages with zstd. Yields the number of pages written.
 * @returns the number of bytes
 */
export function* writingKdump(file: WritableFile, contents: KdumpContents): Generator<number, number> {
  const { pageSize, maxPfn, byteOrder, pfns } = contents;
  const notes = noteBytes(contents.notes, byteOrder);
  const vmcoreinfo = latin1(contents.vmcoreinfo ?? "");
  const subBlocks = Math.ceil((SUB_HEADER_BYTES + notes.length + vmcoreinfo.length) / pageSize);
  const bitmapBlocks = Math.ceil(Math.ceil(maxPfn / 8) / pageSize);
  const bitmapStart = (1 + subBlocks) * pageSize;
  writeBitmap(file, bitmapStart, merged(pfns, contents.excluded));
  writeBitmap(file, bitmapStart + bitmapBlocks * pageSize, pfns);
  const end = yield* writingPages(file, contents, bitmapStart + 2 * bitmapBlocks * pageSize);
  if (contents.source) writeBitmap(file, end, contents.source);
  // As makedumpfile does, the text follows the pages.
  const eraseinfo = latin1(contents.eraseinfo + (contents.source ? `${SOURCE_PAGES} ${end}\n` : ""));
  const eraseinfoStart = end + (contents.source ? Math.ceil(maxPfn / 8) : 0);
  file.write(eraseinfo, eraseinfoStart);
  writeHeaders(file, contents, {
    vmcoreinfo,
    notes,
    eraseinfo: { offset: eraseinfoStart, size: eraseinfo.length },
    subBlocks,
    bitmapBlocks: 2 * bitmapBlocks,
  });
  return eraseinfoStart + eraseinfo.length;
}

/** Writes descriptors and pages. All pages of zeros share one place. */
function* writingPages(file: WritableFile, contents: KdumpContents, start: number): Generator<number, number> {
  const { pfns, pageSize, byteOrder } = contents;
  const little = byteOrder === "little";
  let data = start + pfns.length * DESCRIPTOR_BYTES;
  let zeros: number | undefined;
  const compressedZeros = compressed(new Uint8Array(pageSize));
  for (let first = 0; first < pfns.length; first += DESCRIPTORS) {
    const count = Math.min(DESCRIPTORS, pfns.length - first);
    const table = new DataView(new ArrayBuffer(count * DESCRIPTOR_BYTES));
    const pages: Uint8Array[] = [];
    const from = data;
    for (let i = 0; i < count; i++) {
      const page = contents.page(pfns[first + i] ?? 0);
      const isZero = page instanceof Fault || page.every((byte) => byte === 0);
      const stored = isZero ? compressedZeros : compressed(page);
      const at = isZero && zeros !== undefined ? zeros : data;
      if (isZero) zeros = at;
      if (at === data) {
        pages.push(stored.bytes);
        data += stored.bytes.length;
      }
      table.setBigUint64(i * DESCRIPTOR_BYTES, BigInt(at), little);
      table.setUint32(i * DESCRIPTOR_BYTES + 8, stored.bytes.length, little);
      table.setUint32(i * DESCRIPTOR_BYTES + 12, stored.flags, little);
      if (i % STEP === 0) yield first + i;
    }
    file.write(new Uint8Array(table.buffer), start + first * DESCRIPTOR_BYTES);
    file.write(Buffer.concat(pages), from);
  }
  return data;
}

/** Returns a page as it is stored, and its flag. A page that does not become smaller is stored uncompressed. */
function compressed(page: Uint8Array): { readonly bytes: Uint8Array; readonly flags: number } {
  const bytes = nodeZlib.zstdCompressSync(page);
  return bytes.length < page.length ? { bytes, flags: zstd.flag } : { bytes: page, flags: 0 };
}

/** The parts of a file that its headers refer to. Sizes are numbers of blocks of the page size. */
interface Placed {
  readonly vmcoreinfo: Uint8Array;
  readonly notes: Uint8Array;
  readonly eraseinfo: FileRange;
  readonly subBlocks: number;
  readonly bitmapBlocks: number;
}

/** Writes `struct disk_dump_header`, `struct kdump_sub_header`, VMCOREINFO and the notes. */
function writeHeaders(file: WritableFile, contents: KdumpContents, placed: Placed): void {
  const { subBlocks, bitmapBlocks } = placed;
  const { pageSize, maxPfn, byteOrder, abi, utsname, pfns } = contents;
  const main = new CStructWriter(pageSize, byteOrder, abi);
  main.text(SIGNATURE, 8);
  main.u32(HEADER_VERSION);
  const { sysname, nodename, release, version, machine, domainname } = utsname;
  for (const text of [sysname, nodename, release, version, machine, domainname]) main.text(text, UTSNAME_FIELD);
  main.timeval(contents.timestamp);
  const low = maxPfn < 2 ** 32 ? maxPfn : 0;
  const fields = [zstd.flag, pageSize, subBlocks, bitmapBlocks, low, 0, 0, Math.min(pfns.length, 2 ** 32 - 1), 0];
  for (const value of [...fields, contents.cpus]) main.u32(value);
  file.write(main.bytes, 0);

  const sub = new CStructWriter(subBlocks * pageSize, byteOrder, abi);
  sub.long(BigInt.asUintN(abi.longSize * 8, contents.physBase));
  sub.u32(contents.dumpLevel);
  sub.u32(0);
  sub.long(0n);
  sub.long(0n);
  let at = SUB_HEADER_BYTES;
  for (const bytes of [placed.vmcoreinfo, placed.notes]) {
    sub.range({ offset: bytes.length > 0 ? pageSize + at : 0, size: bytes.length });
    sub.bytes.set(bytes, at);
    at += bytes.length;
  }
  sub.range(placed.eraseinfo);
  sub.u64(0n);
  sub.u64(0n);
  sub.u64(BigInt(maxPfn));
  file.write(sub.bytes, pageSize);
}

/** Returns notes with name and payload each padded to four bytes (elf(5), "Notes"). */
function noteBytes(notes: readonly Note[], order: ByteOrder): Uint8Array {
  const padded = (bytes: Uint8Array): Uint8Array[] => [bytes, new Uint8Array(-bytes.length & 3)];
  return Buffer.concat(
    notes.flatMap(({ name, type, desc }) => {
      const text = latin1(`${name}\0`);
      const head = new DataView(new ArrayBuffer(12));
      [text.length, desc.length, type].forEach((value, i) => head.setUint32(i * 4, value, order === "little"));
      return [new Uint8Array(head.buffer), ...padded(text), ...padded(desc)];
    }),
  );
}

const latin1 = (text: string): Uint8Array => Buffer.from(text, "latin1");

/** Merges two ascending lists. */
function* merged(a: Float64Array, b: Float64Array): Generator<number> {
  let j = 0;
  for (const one of a) {
    for (; j < b.length && (b[j] ?? 0) <= one; j++) if (b[j] !== one) yield b[j] ?? 0;
    yield one;
  }
  yield* b.subarray(j);
}

/** Writes the members of a C struct in order of declaration. */
class CStructWriter {
  readonly bytes: Uint8Array;
  private at = 0;
  private readonly view: DataView;
  private readonly little: boolean;
  private readonly abi: Abi;

  constructor(size: number, order: ByteOrder, abi: Abi) {
    this.bytes = new Uint8Array(size);
    this.view = viewOf(this.bytes);
    this.little = order === "little";
    this.abi = abi;
  }

  /** Writes text that is cut to `size - 1` bytes if it is longer than `size`. */
  text(text: string, size: number): void {
    const bytes = latin1(text);
    this.bytes.set(bytes.length > size ? bytes.subarray(0, size - 1) : bytes, this.place(size, 1));
  }

  u32(value: number): void {
    this.view.setUint32(this.place(4, 4), value, this.little);
  }

  u64(value: bigint): void {
    this.view.setBigUint64(this.place(8, this.abi.align64), value, this.little);
  }

  long(value: bigint): void {
    if (this.abi.longSize === 8) this.u64(value);
    else this.u32(Number(value));
  }

  /** Writes an `off_t` and an `unsigned long`. */
  range({ offset, size }: FileRange): void {
    this.u64(BigInt(offset));
    this.long(BigInt(size));
  }

  timeval(seconds: number): void {
    if (this.abi.timevalSize === 16) {
      this.u64(BigInt(seconds));
      this.u64(0n);
    } else {
      this.u32(seconds);
      this.u32(0);
    }
  }

  private place(size: number, align: number): number {
    const start = Math.ceil(this.at / align) * align;
    this.at = start + size;
    return start;
  }
}
