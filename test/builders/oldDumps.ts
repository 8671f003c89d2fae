import { deflateSync } from "node:zlib";
import type { ByteOrder } from "../../src/base/bytes.ts";
import { ImageWriter } from "./image.ts";

/** Where the names of the system begin in LKCD's headers: before version 8 by size of a long, and since. */
const LKCD_NAMES = { 4: 316, 8: 328, unified: 324 } as const;

export interface BuiltLkcd {
  readonly byteOrder?: ByteOrder;
  readonly version?: number;
  readonly wordSize?: 4 | 8;
  readonly compression?: number;
  readonly pageSize?: number;
  readonly machine?: string;
  /** In the order of the file. "rle" is given as its bytes. */
  readonly pages: readonly (readonly [pfn: number, bytes: Uint8Array, as?: "raw" | "gzip" | "rle"])[];
  /** Default: true. */
  readonly hasEnd?: boolean;
}

/** An LKCD dump: the project's dump.h. Positions are written down, so that the reader's derivation is tested. */
export function lkcdFile(dump: BuiltLkcd): Uint8Array {
  const { byteOrder = "little", version = 9, wordSize = 8, pageSize = 4096 } = dump;
  const out = new ImageWriter(byteOrder);
  out.u64(0, 0xa8190173618f23edn);
  [version, 800, 8, pageSize].forEach((value, i) => out.u32(8 + 4 * i, value));
  const names = version >= 8 ? LKCD_NAMES.unified : LKCD_NAMES[wordSize] + (version === 1 ? 8 : 0);
  ["Linux", "node", "2.6.5", "#1", dump.machine ?? "x86_64", ""].forEach((text, i) => out.put(names + 65 * i, text));
  const compress = names + 390 + (version >= 8 ? 8 : 2 + wordSize);
  if (version >= 5) out.u32(compress, dump.compression ?? 0);
  const first = version >= 9 ? 8192 : 65536;
  if (version >= 9) out.u64(compress + 12, first);
  let at = first;
  for (const [pfn, bytes, as = "raw"] of dump.pages) {
    const stored = as === "gzip" ? deflateSync(bytes) : bytes;
    out.u64(at, BigInt(pfn) * BigInt(pageSize));
    out.u32(at + 8, stored.length);
    out.u32(at + 12, as === "raw" ? 1 : 2);
    out.put(at + 16, stored);
    at += 16 + stored.length;
  }
  if (dump.hasEnd ?? true) out.u32(at + 12, 4);
  return out.done();
}

export interface BuiltSadump {
  /** "set" writes the first disk of a set of two. */
  readonly kind?: "single" | "media" | "set";
  readonly pages: ReadonlyMap<number, Uint8Array>;
  readonly excluded?: readonly number[];
  /** Values of rip, one for each CPU in long mode. */
  readonly cpus?: readonly bigint[];
  /** Number of pages that are on the first disk of a set. Default: all. */
  readonly onFirst?: number;
}

const SADUMP_BLOCK = 4096;

/** The header of a partition: magic numbers up to the end of its block, each from the one before. */
function partition(out: ImageWriter, at: number, number: number, used: number): void {
  out.put(at, "sadump\0\0");
  out.put(at + 88, "system identifier, set identifier"); // both GUIDs
  out.u32(at + 152, number);
  out.u64(at + 160, used);
  for (let i = at + 168, magic = 1; i < at + SADUMP_BLOCK; i += 4) {
    out.u32(i, magic);
    magic = Math.imul(11, magic + 7) >>> 0;
  }
}

/** A dump of sadump: makedumpfile's sadump_mod.h. @returns the file, or the two files of a set */
export function sadumpFiles({ kind = "single", pages, excluded = [], cpus = [], onFirst }: BuiltSadump): Uint8Array[] {
  const out = new ImageWriter("little");
  const at = kind === "media" ? SADUMP_BLOCK : 0;
  const header = at + SADUMP_BLOCK * (kind === "set" ? 2 : 1);
  if (kind === "set") [1, 2].forEach((value, i) => out.u32(at + SADUMP_BLOCK + 4 * i, value));
  const subBlocks = 1 + Math.ceil((cpus.length * 1040) / SADUMP_BLOCK);
  out.put(header, "sadump\0\0");
  const pfns = [...pages.keys()].sort((a, b) => a - b);
  const maxMapnr = Math.max(...pfns, ...excluded) + 1;
  const fields = [
    1,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    SADUMP_BLOCK,
    0,
    subBlocks,
    1,
    1,
    maxMapnr,
    0,
    0,
    pfns.length,
    0,
    cpus.length,
  ];
  fields.forEach((value, i) => out.u32(header + 8 + 4 * i, value));
  out.u64(header + 88, maxMapnr);
  out.u64(header + 112, pfns.length);
  const state = header + SADUMP_BLOCK;
  out.u32(state, 1024 * cpus.length);
  cpus.forEach((rip, cpu) => {
    const cpuAt = state + 4 + 16 * cpus.length + 1024 * cpu;
    out.u64(cpuAt + 984, rip);
    out.u64(cpuAt + 992, 0xd01);
    out.u64(cpuAt + 1008, 0x5000);
  });
  const bitmaps = header + SADUMP_BLOCK * (1 + subBlocks);
  // The highest bit of a byte comes first.
  const mark = (bitmap: number, pfn: number): void => out.setBit(bitmap, pfn ^ 7);
  for (const pfn of [...pfns, ...excluded]) mark(bitmaps, pfn);
  for (const pfn of pfns) mark(bitmaps + SADUMP_BLOCK, pfn);
  const data = bitmaps + 2 * SADUMP_BLOCK;
  const second = new ImageWriter("little");
  const split = onFirst ?? pfns.length;
  pfns.forEach((pfn, i) => {
    if (i < split) out.put(data + i * SADUMP_BLOCK, pages.get(pfn)!);
    else second.put((1 + i - split) * SADUMP_BLOCK, pages.get(pfn)!);
  });
  partition(out, at, kind === "set" ? 1 : 0, out.end);
  if (kind !== "set") return [out.done()];
  partition(second, 0, 2, (1 + pfns.length - split) * SADUMP_BLOCK);
  return [out.done(), second.done()];
}

export interface BuiltS390 {
  readonly memory: Uint8Array;
  /** Physical addresses of segments of an extended dump, of a page each. */
  readonly segments?: readonly number[];
  /** Number of the volume of a set, from 0. */
  readonly volume?: number;
  readonly memorySize?: number;
  readonly arch?: number;
  readonly isCompressed?: boolean;
  readonly lowcores?: readonly number[];
}

/** A stand-alone dump of s390: s390-tools' s390_dump.h. */
export function s390File({ memory, segments, volume, lowcores = [], ...more }: BuiltS390): Uint8Array {
  const out = new ImageWriter("big");
  out.u64(0, segments ? 0xa8190173618f23fen : 0xa8190173618f23fdn);
  [5, 4096, 4, 4096].forEach((value, i) => out.u32(8 + 4 * i, value));
  out.u64(0x18, more.memorySize ?? memory.length);
  out.u32(0x48, more.arch ?? 2);
  out.u32(0x4c, volume ?? 0);
  out.put(0x5c, Uint8Array.of(volume === undefined ? 0 : 1));
  out.u16(0x5d, lowcores.length);
  out.put(0x61, Uint8Array.of(more.isCompressed ? 1 : 0));
  out.put(0x200, "the set of disks");
  lowcores.forEach((lowcore, i) => out.u32(0x800 + 4 * i, lowcore));
  if (!segments) out.put(4096, memory);
  segments?.forEach((start, i) => {
    const at = 4096 + 8192 * i;
    out.u64(at, start);
    out.u64(at + 8, 4096);
    out.u64(at + 16, i === segments.length - 1 ? 1 : 0);
    out.put(at + 4096, memory.subarray(4096 * i, 4096 * (i + 1)));
  });
  if (volume === undefined) out.put(out.end, "DUMP_END\0\0\0\0\0\0\0\0");
  return out.done();
}
