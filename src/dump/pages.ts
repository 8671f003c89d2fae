import { Fault } from "../base/fault.ts";
import { Lru } from "../base/lru.ts";

/** Bytes of decoded pages kept, unless the opener is told otherwise. */
export const PAGE_CACHE_BYTES = 64 << 20;

/** Pages asked for again and again, such as page tables, are found without even their place in the file. */
const RECENT = 256;

/** Where a page's bytes lie and how they become a page: what a format knows and the cache does not. */
export interface PageSource {
  readonly pageSize: number;
  /** A number for the page's bytes in the file; pages that share their bytes, as zero pages do, share it. */
  locate(pfn: number): number | Fault;
  /** Exactly `pageSize` bytes. */
  decode(pfn: number): Uint8Array | Fault;
}

/** Reads pages through a cache of `budget` bytes. Faults are not kept: they are cheap to find again. */
export function cachedPages(source: PageSource, budget = PAGE_CACHE_BYTES): (pfn: number) => Uint8Array | Fault {
  const pages = new Lru<number, Uint8Array>(Math.max(1, Math.floor(budget / source.pageSize)));
  const recentPfn = new Float64Array(RECENT).fill(-1);
  const recentPage: Uint8Array[] = [];
  return (pfn) => {
    const slot = pfn & (RECENT - 1);
    const recent = recentPfn[slot] === pfn ? recentPage[slot] : undefined;
    if (recent) return recent;
    if (!Number.isSafeInteger(pfn)) return Fault.of("missing", `${pfn} is no page frame number`);
    const key = source.locate(pfn);
    if (key instanceof Fault) return key;
    let page = pages.get(key);
    if (!page) {
      const decoded = source.decode(pfn);
      if (decoded instanceof Fault) return decoded;
      page = decoded;
      pages.set(key, page);
    }
    recentPfn[slot] = pfn;
    recentPage[slot] = page;
    return page;
  };
}

export const FILE_ENDS = "dump file ends before this page";

/** The fault of one page, at its physical address. */
export const pageFault = (kind: Fault["kind"], pfn: number, pageSize: number, message: string): Fault =>
  Fault.at(kind, BigInt(pfn) * BigInt(pageSize), message);
