/** Reads pages of a kdump-compressed dump. */
import { Fault } from "../../base/fault.ts";
import { readBytes } from "../../base/file.ts";
import { bitmap, type Bitmap } from "./bitmap.ts";
import { decompressPage } from "../compress/compressors.ts";
import type { Descriptor } from "./descriptors.ts";
import type { DumpImage, OpenOptions } from "../format.ts";
import { memberFinder, type Member, type Members } from "./kdumpMember.ts";
import { cachedPages, FILE_ENDS, pageFault } from "../pages.ts";

const NOT_KEPT = "page was not kept when the dump was distilled";

type PageReading = Pick<DumpImage, "pageSize" | "maxPfn" | "page" | "has" | "next" | "sourceNext">;

/**
 * Reads pages through bitmap and descriptors.
 * @param sourceOf returns the pages of the dump that this one was distilled from
 */
export function kdumpPages(
  members: Members,
  { cacheBytes }: OpenOptions,
  sourceOf: (maxPfn: number) => Bitmap | undefined,
): PageReading {
  const pageSize = members[0].header.main.blockSize;
  const { maxPfn, dumped, source: sourceBits, absent } = bitmapsOf(members[0], sourceOf);
  const memberOf = memberFinder(members, dumped);

  function descriptorOf(pfn: number): { readonly member: Member; readonly descriptor: Descriptor } | Fault {
    if (!dumped.has(pfn)) return absent(pfn);
    const found = memberOf(pfn);
    if (!found) return pageFault("missing", pfn, pageSize, "page is in a file of the split dump that was not given");
    const descriptor = found.member.descriptor(dumped.rank(pfn) - found.firstRank);
    if (descriptor instanceof Fault) return pageFault(descriptor.kind, pfn, pageSize, descriptor.message);
    if (descriptor.offset > 0) return { member: found.member, descriptor };
    return pageFault("missing", pfn, pageSize, "page was not written: the dump is incomplete");
  }

  /** Whether a page that is set in the bitmap has a descriptor in one of the files. */
  function isDescribed(pfn: number): boolean {
    const found = memberOf(pfn);
    return found !== undefined && dumped.rank(pfn) - found.firstRank < found.member.descriptorCount;
  }

  const source = {
    pageSize,
    locate(pfn: number): number | Fault {
      const found = descriptorOf(pfn);
      return found instanceof Fault ? found : found.descriptor.offset * members.length + members.indexOf(found.member);
    },
    decode(pfn: number): Uint8Array | Fault {
      const found = descriptorOf(pfn);
      if (found instanceof Fault) return found;
      const page = readPage(found.member, found.descriptor);
      return page instanceof Fault ? pageFault(page.kind, pfn, pageSize, page.message) : page;
    },
  };
  return {
    pageSize,
    maxPfn,
    page: cachedPages(source, cacheBytes),
    has: (pfn) => dumped.has(pfn) && isDescribed(pfn),
    ...(sourceBits && { sourceNext: (pfn: number) => sourceBits.next(pfn) }),
    next(pfn) {
      let at = dumped.next(pfn);
      while (at >= 0) {
        // Ranks ascend: after the first page without a descriptor no page has one.
        if (isDescribed(at)) return at;
        const later = members.find((one) => one.startPfn > at);
        at = later ? dumped.next(later.startPfn) : -1;
      }
      return -1;
    },
  };
}

function readPage({ file, header }: Member, { offset, size, flags }: Descriptor): Uint8Array | Fault {
  const pageSize = header.main.blockSize;
  // Data that does not shrink is stored uncompressed, so that nothing is larger than a page.
  if (size > pageSize)
    return Fault.of("corrupt", `page cannot be stored as ${size} bytes, which is more than ${pageSize}`);
  const bytes = readBytes(file, offset, size);
  if (bytes instanceof Fault) return bytes;
  if (bytes.length < size) return Fault.of("truncated", FILE_ENDS);
  const page = decompressPage(bytes, flags, pageSize);
  return page instanceof Fault ? page.within("page cannot be decompressed") : page;
}

interface Bitmaps {
  readonly maxPfn: number;
  readonly dumped: Bitmap;
  /** The pages of the dump that this one was distilled from. */
  readonly source: Bitmap | undefined;
  /** Why a page is absent. */
  readonly absent: (pfn: number) => Fault;
}

/** Opens the two bitmaps: pages that existed, and pages that were dumped. Old files have only the second. */
function bitmapsOf({ file, header: { main, sub } }: Member, sourceOf: (maxPfn: number) => Bitmap | undefined): Bitmaps {
  const pageSize = main.blockSize;
  const start = (1 + main.subHeaderBlocks) * pageSize;
  const bytes = main.bitmapBlocks * pageSize;
  const pages = sub.maxMapnr64 ?? main.maxMapnr;
  const hasTwoBitmaps = main.bitmapBlocks >= 2 * Math.ceil(Math.ceil(pages / 8) / pageSize);
  const dumpedStart = hasTwoBitmaps ? start + bytes / 2 : start;
  const maxPfn = Math.min(pages, (start + bytes - dumpedStart) * 8);
  /** Opens a bitmap. Bits beyond the end of the file are not used, even if the header counts them. */
  const at = (offset: number): Bitmap => bitmap(file, offset, Math.max(0, Math.min(maxPfn, (file.size - offset) * 8)));
  const existing = hasTwoBitmaps ? at(start) : undefined;
  const source = sourceOf(maxPfn);
  return {
    maxPfn,
    dumped: at(dumpedStart),
    source,
    absent: (pfn) => {
      if (pfn >= 0 && pfn < maxPfn && dumpedStart + pfn / 8 >= file.size) {
        return pageFault("truncated", pfn, pageSize, "dump file ends within its bitmap");
      }
      if (source?.has(pfn)) return pageFault("excluded", pfn, pageSize, NOT_KEPT);
      return existing?.has(pfn)
        ? pageFault("excluded", pfn, pageSize, "page excluded from dump")
        : pageFault("missing", pfn, pageSize, "page not in dump");
    },
  };
}
