import type { ByteOrder } from "../../src/base/bytes.ts";
import { deflateSync, zstdCompressSync } from "node:zlib";
import { snappyCompress } from "hysnappy";
import { ImageWriter } from "./image.ts";
import { noteBytes, type BuiltNote } from "./notes.ts";

/**
 * Where the members of the two headers lie, written down for each machine rather than derived, so that the reader's
 * derivation is tested. Long members are of `long` bytes.
 */
const layouts = {
  lp64: {
    machine: "x86_64",
    long: 8,
    time: 408,
    status: 424,
    sub: [0, 8, 12, 16, 24, 32, 40, 48, 56, 64, 72, 80, 88, 96],
  },
  arm: {
    machine: "armv7l",
    long: 4,
    time: 404,
    status: 412,
    sub: [0, 4, 8, 12, 16, 24, 32, 40, 48, 56, 64, 72, 80, 88],
  },
  armTime64: {
    machine: "armv7l",
    long: 4,
    time: 408,
    status: 424,
    sub: [0, 4, 8, 12, 16, 24, 32, 40, 48, 56, 64, 72, 80, 88],
  },
  i386: {
    machine: "i686",
    long: 4,
    time: 404,
    status: 412,
    sub: [0, 4, 8, 12, 16, 20, 28, 32, 40, 44, 52, 56, 64, 72],
  },
} as const;

/** How a page is stored: as it is, compressed, or by a descriptor given whole. */
export type Stored =
  | { readonly as: "raw" | "zlib" | "snappy" | "zstd"; readonly page: Uint8Array }
  | { readonly as: "bytes"; readonly flags: number; readonly bytes: Uint8Array; readonly size?: number }
  | { readonly as: "descriptor"; readonly offset: number | bigint; readonly size: number; readonly flags: number };

export interface BuiltKdump {
  readonly layout?: keyof typeof layouts;
  readonly byteOrder?: ByteOrder;
  readonly signature?: string;
  readonly version?: number;
  readonly blockSize?: number;
  readonly pages: ReadonlyMap<number, Stored>;
  /** Pages that were in memory but filtered out. */
  readonly excluded?: readonly number[];
  readonly maxMapnr?: number;
  /** The old 32-bit field; as much of maxMapnr as fits unless given. */
  readonly maxMapnr32?: number;
  readonly singleBitmap?: boolean;
  readonly status?: number;
  readonly release?: string;
  readonly notes?: readonly BuiltNote[];
  readonly vmcoreinfo?: string;
  readonly eraseinfo?: string;
  /** The account of what was erased stands behind the pages, as makedumpfile writes it. */
  readonly eraseinfoAtEnd?: boolean;
  readonly physBase?: number | bigint;
  readonly dumpLevel?: number;
  readonly timestamp?: number;
  /** A part of a split set: its pages alone have descriptors, but the bitmaps tell of all. */
  readonly split?: readonly [start: number, end: number];
}

/** A kdump-compressed file: makedumpfile's IMPLEMENTATION and diskdump_mod.h. */
export function kdumpFile(dump: BuiltKdump): Uint8Array {
  const { byteOrder = "little", version = 6, blockSize = 4096, split, singleBitmap = false } = dump;
  const out = new ImageWriter(byteOrder);
  const { long, time, status, sub } = layouts[dump.layout ?? "lp64"];
  const maxMapnr = dump.maxMapnr ?? Math.max(...dump.pages.keys(), ...(dump.excluded ?? [])) + 1;
  const oneBitmap = Math.ceil(Math.ceil(maxMapnr / 8) / blockSize);
  const bitmapBlocks = oneBitmap * (singleBitmap ? 1 : 2);
  const notes = noteBytes(dump.notes ?? [], byteOrder);
  const texts = [
    ...(notes.length > 0 ? [notes.length] : []),
    dump.vmcoreinfo?.length ?? 0,
    dump.eraseinfo?.length ?? 0,
  ];
  const subBlocks = Math.ceil((256 + texts.reduce((a, b) => a + b, 0)) / blockSize);

  out.put(0, dump.signature ?? "KDUMP   ");
  out.u32(8, version);
  [
    "Linux",
    "builder",
    dump.release ?? "6.1.0-built",
    "#1 SMP",
    layouts[dump.layout ?? "lp64"].machine,
    "(none)",
  ].forEach((text, i) => out.put(12 + 65 * i, text));
  out.word(time, long, dump.timestamp ?? 0);
  const fields = [
    dump.status ?? 0,
    blockSize,
    subBlocks,
    bitmapBlocks,
    dump.maxMapnr32 ?? maxMapnr % 2 ** 32,
    0,
    0,
    0,
    1,
    2,
  ];
  fields.forEach((value, i) => out.u32(status + 4 * i, value));

  let text = blockSize + 256;
  const place = (bytes: Uint8Array | string | undefined): [number, number] => {
    if (!bytes || bytes.length === 0) return [0, 0];
    out.put(text, bytes);
    text += bytes.length;
    return [text - bytes.length, bytes.length];
  };
  const inHeader = dump.eraseinfoAtEnd ? "" : dump.eraseinfo;
  const [vmcoreinfo, note, erase] = [place(dump.vmcoreinfo), place(notes), place(inHeader)];
  const member = (i: number, size: 4 | 8, since: number, value: number | bigint): void => {
    if (version >= since) out.word(blockSize + sub[i]!, size, value);
  };
  member(0, long, 0, dump.physBase ?? 0);
  member(1, 4, 1, dump.dumpLevel ?? 31);
  member(2, 4, 2, split ? 1 : 0);
  // Where 64-bit members follow, the old ones hold nothing to be relied on.
  member(3, long, 2, version >= 6 ? 7 : (split?.[0] ?? 0));
  member(4, long, 2, version >= 6 ? 8 : (split?.[1] ?? 0));
  [vmcoreinfo, note, erase].forEach(([offset, size], i) => {
    member(5 + 2 * i, 8, 3 + i, offset);
    member(6 + 2 * i, long, 3 + i, size);
  });
  member(11, 8, 6, split?.[0] ?? 0);
  member(12, 8, 6, split?.[1] ?? 0);
  member(13, 8, 6, maxMapnr);

  const bitmap = (1 + subBlocks) * blockSize;
  const dumped = bitmap + (singleBitmap ? 0 : oneBitmap * blockSize);
  const pfns = [...dump.pages.keys()].sort((a, b) => a - b);
  for (const pfn of pfns) out.setBit(dumped, pfn);
  if (!singleBitmap) for (const pfn of [...pfns, ...(dump.excluded ?? [])]) out.setBit(bitmap, pfn);
  const descriptors = bitmap + bitmapBlocks * blockSize;
  const own = pfns.filter((pfn) => !split || (pfn >= split[0] && pfn < split[1]));
  let data = descriptors + own.length * 24;
  const written = new Map<string, number>();
  own.forEach((pfn, i) => {
    const stored = dump.pages.get(pfn)!;
    const { flags, bytes, size, offset } = storedAs(stored);
    // As makedumpfile does with zero pages: the same bytes are written once.
    const key = Buffer.from(bytes).toString("latin1");
    const at = written.get(key) ?? data;
    if (at === data) {
      out.put(data, bytes);
      data += bytes.length;
      written.set(key, at);
    }
    out.u64(descriptors + 24 * i, offset ?? at);
    out.u32(descriptors + 24 * i + 8, size);
    out.u32(descriptors + 24 * i + 12, flags);
    out.u64(descriptors + 24 * i + 16, 0);
  });
  if (dump.eraseinfoAtEnd && dump.eraseinfo) {
    out.put(data, dump.eraseinfo);
    member(9, 8, 5, data);
    member(10, long, 5, dump.eraseinfo.length);
  }
  return out.done();
}

function storedAs(stored: Stored): { flags: number; bytes: Uint8Array; size: number; offset?: number | bigint } {
  if (stored.as === "descriptor") return { ...stored, bytes: new Uint8Array(0) };
  if (stored.as === "bytes")
    return { flags: stored.flags, bytes: stored.bytes, size: stored.size ?? stored.bytes.length };
  const ways = {
    raw: [0, (page: Uint8Array) => page],
    zlib: [1, deflateSync],
    snappy: [4, snappyCompress],
    zstd: [0x20, zstdCompressSync],
  } as const;
  const [flags, compress] = ways[stored.as];
  const bytes = compress(stored.page);
  return { flags, bytes, size: bytes.length };
}
