/** Opens dumps of LKCD, the Linux Kernel Crash Dump project. */
import { inflateSync } from "node:zlib";
import { cString, viewOf, type ByteOrder } from "../../base/bytes.ts";
import { attempt, Fault, orThrow } from "../../base/fault.ts";
import { type RandomFile, readBytes } from "../../base/file.ts";
import { decodeWith, onePage } from "../compress/compressor.ts";
import { runLength } from "../compress/runLength.ts";
import { FileCursor } from "../cursor.ts";
import type { DumpFormat, DumpImage, OpenOptions } from "../format.ts";
import { memoryImage } from "../memoryImage.ts";
import { PageRuns } from "../pageRuns.ts";
import { FILE_ENDS } from "../pages.ts";
import { UTSNAME_FIELD, type Utsname, utsnameOf } from "../../base/utsname.ts";

/** DUMP_MAGIC_NUMBER, 0xa8190173618f23ed. */
const MAGIC = { little: "ed238f61730119a8", big: "a8190173618f23ed" } as const;
/** Flags in the version for variants of Mission Critical Linux. */
const VERSION_FLAGS = 0xc0000000;
const VERSIONS = [1, 2, 3, 5, 6, 7, 8, 9, 10];
const FIRST_PAGE = 65536;
const HEADER_BYTES = 1024;
/** Offset in bytes of the end of the fields that all versions share. */
const COMMON_BYTES = 48;
const PANIC_BYTES = 0x100;
/** DUMP_COMPRESS_*. */
const COMPRESSIONS = ["none", "RLE", "gzip"];
/** dp_flags. */
const RAW = 1;
const COMPRESSED = 2;
const END = 4;
const DESCRIPTOR_BYTES = 16;
/** Maximum size of a page in bytes, uncompressed or compressed. */
const MAX_PAGE = 1 << 16;

/** Dumps of the LKCD patches and of SUSE kernels before kdump. */
export const lkcd: DumpFormat = {
  name: "LKCD",
  row: {
    writers: "the LKCD kernel patches, SUSE Linux Enterprise Server 8 and 9, the netdump of SUSE",
    reads: "versions 1 to 3 and 5 to 10 of both byte orders; pages uncompressed, with RLE or gzip, in any order",
    source: "the header files dump.h and lkcd_dump_v8.h of the LKCD project",
    tested: "the files that libkdumpfile's test generator writes, and built files",
  },
  probe: (head) => orderOf(head) !== undefined,
  open([file, second], options) {
    if (!file || second) throw Fault.of("corrupt", "an LKCD dump is one file, not a set");
    return openLkcd(file, options);
  },
};

function orderOf(head: Uint8Array): ByteOrder | undefined {
  const magic = Buffer.from(head.subarray(0, 8)).toString("hex");
  return (["little", "big"] as const).find((order) => MAGIC[order] === magic);
}

function openLkcd(file: RandomFile, options: OpenOptions): DumpImage {
  const bytes = new Uint8Array(HEADER_BYTES);
  bytes.set(orThrow(readBytes(file, 0, HEADER_BYTES)));
  const byteOrder = orderOf(bytes) ?? "little";
  const { version, pageSize, firstPage, compression, wordSize, utsname, timestamp } = header(
    bytes,
    byteOrder,
    file.name,
  );
  const runs = new PageRuns(file.name);
  const end = attempt(() => readDescriptors(file, new FileCursor(file, firstPage, byteOrder), pageSize, runs));
  if (end instanceof Fault && end.kind !== "truncated") throw end;
  const read = (place: number): Uint8Array | Fault => page(file, place, byteOrder, pageSize, compression);
  return memoryImage(lkcd.name, [file], runs.pages(pageSize, read, options), {
    byteOrder,
    wordSize,
    headerVersion: version,
    ...(end instanceof Fault ? { incomplete: "ends early" } : {}),
    ...(timestamp > 0 ? { timestamp } : {}),
    ...(compression === "none" ? {} : { compression }),
    ...(utsname.sysname ? { utsname } : {}),
  });
}

/**
 * Reads the header. The layout before version 8 depends on the word size, which is found by where the utsname begins with
 * "Linux".
 */
function header(bytes: Uint8Array, order: ByteOrder, name: string) {
  const view = viewOf(bytes);
  const u32 = (at: number): number => view.getUint32(at, order === "little");
  const u64 = (at: number): number => Number(view.getBigUint64(at, order === "little"));
  const version = (u32(8) & ~VERSION_FLAGS) >>> 0;
  if (!VERSIONS.includes(version)) throw Fault.of("corrupt", `${name}: LKCD version ${version} is not known`);
  const pageSize = u32(20);
  if (!(pageSize >= 1024 && pageSize <= MAX_PAGE) || !Number.isInteger(Math.log2(pageSize)))
    throw Fault.of("corrupt", `${name}: an LKCD dump cannot have pages of ${pageSize} bytes`);
  // Version 1 has esp and eip before the number of pages.
  const panic = COMMON_BYTES + (version === 1 ? 8 : 0) + 4;
  const time = panic + PANIC_BYTES;
  const layouts = [
    { wordSize: 4, time, names: time + 8 },
    { wordSize: 8, time: time + 4, names: time + 4 + 16 },
  ] as const;
  const [narrow, wide] = layouts;
  const unified = { wordSize: 8, time, names: time + 16 } as const;
  const isNamed = (at: number): boolean => cString(bytes.subarray(at, at + UTSNAME_FIELD)) === "Linux";
  const layout = version >= 8 ? unified : !isNamed(narrow.names) && isNamed(wide.names) ? wide : narrow;
  const utsname = utsnameAt(bytes, layout.names);
  // Packed since version 8; before, the names are followed by two bytes of padding.
  const task = layout.names + 6 * UTSNAME_FIELD + (version >= 8 ? 0 : 2);
  const method = version >= 5 ? u32(task + layout.wordSize) : 1;
  const compression = COMPRESSIONS[method];
  if (compression === undefined) throw Fault.of("corrupt", `${name}: LKCD compression ${method} is not known`);
  const isNarrow = version >= 8 && /^(i\d86|arm|ppc$|s390$)/.test(utsname.machine);
  return {
    version,
    pageSize,
    compression,
    utsname,
    wordSize: isNarrow ? (4 as const) : layout.wordSize,
    timestamp: layout.wordSize === 8 ? u64(layout.time) : u32(layout.time),
    // Since version 9 the first page is at the offset dh_dump_buffer_size, a u64 after the task pointer and three u32.
    firstPage: version >= 9 ? u64(task + 8 + 12) : FIRST_PAGE,
  };
}

/** Reads `struct new_utsname`. A name ends at the first character that is not printable ASCII. */
const utsnameAt = (bytes: Uint8Array, at: number): Utsname =>
  utsnameOf((i) =>
    cString(bytes.subarray(at + i * UTSNAME_FIELD, at + (i + 1) * UTSNAME_FIELD)).replace(/[^ -~].*$/s, ""),
  );

/** Adds the places of all descriptors: struct dump_page before the bytes of each page. @throws Fault truncated */
function readDescriptors(file: RandomFile, cursor: FileCursor, pageSize: number, runs: PageRuns): void {
  while (!cursor.isAtEnd) {
    const place = cursor.at;
    const address = cursor.u64();
    const size = cursor.u32();
    if (cursor.u32() & END) return;
    if (address > BigInt(Number.MAX_SAFE_INTEGER))
      throw Fault.of("corrupt", `${file.name}: the page at offset ${place} has address 0x${address.toString(16)}`);
    runs.add(Math.floor(Number(address) / pageSize), place, DESCRIPTOR_BYTES + pageSize);
    cursor.skip(size);
  }
  throw Fault.of("truncated", `${file.name}: ends without an end mark`);
}

function page(
  file: RandomFile,
  place: number,
  order: ByteOrder,
  pageSize: number,
  compression: string,
): Uint8Array | Fault {
  const descriptor = readBytes(file, place, DESCRIPTOR_BYTES);
  if (descriptor instanceof Fault) return descriptor;
  if (descriptor.length < DESCRIPTOR_BYTES) return Fault.of("truncated", FILE_ENDS);
  const view = viewOf(descriptor);
  const size = view.getUint32(8, order === "little");
  const kind = view.getUint32(12, order === "little") & (RAW | COMPRESSED);
  if (kind === RAW && size !== pageSize) return Fault.of("corrupt", `page cannot be stored as ${size} bytes`);
  if (size > MAX_PAGE || (kind !== RAW && kind !== COMPRESSED))
    return Fault.of("corrupt", `page cannot be stored as ${size} bytes of kind ${kind}`);
  const bytes = readBytes(file, place + DESCRIPTOR_BYTES, size);
  if (bytes instanceof Fault) return bytes;
  if (bytes.length < size) return Fault.of("truncated", FILE_ENDS);
  if (kind === RAW) return bytes;
  const decoded =
    compression === "gzip"
      ? decodeWith(() => inflateSync(bytes, onePage(pageSize)), pageSize)
      : compression === "RLE"
        ? runLength(bytes, pageSize)
        : Fault.of("corrupt", "the header says that pages are not compressed");
  return decoded instanceof Fault ? decoded.within("page cannot be decompressed") : decoded;
}
