/** The cache of decoded pages. */
import { Fault } from "../base/fault.ts";
import { Lru } from "../base/lru.ts";

/** Default size of the cache of decoded pages in bytes. */
export const PAGE_CACHE_BYTES = 64 << 20;

/**
 * The same for pages that the file holds uncompressed. It is smaller, because the system caches the file, and because
 * memory that is new to the process costs more than reading a page again.
 */
export const STORED_CACHE_BYTES = 8 << 20;

/** Number of pages that are allocated together, because a buffer for each costs as much as reading it. */
const ALLOCATED_TOGETHER = 4;
/** Maximum size of such an allocation in bytes: a page that is kept keeps the others of its allocation. */
const MAX_ALLOCATION = 1 << 16;

/** Returns a function that makes buffers for pages. Their bytes are arbitrary, because they are overwritten. */
export function pageBuffers(pageSize: number): () => Uint8Array {
  const count = Math.max(1, Math.min(ALLOCATED_TOGETHER, Math.floor(MAX_ALLOCATION / pageSize)));
  let buffer: ArrayBufferLike | undefined;
  let used = 0;
  return () => {
    if (buffer === undefined || used === count) {
      ({ buffer } = Buffer.allocUnsafeSlow(count * pageSize));
      used = 0;
    }
    return new Uint8Array(buffer, used++ * pageSize, pageSize);
  };
}

/** Number of recently used pages, such as page tables, that are found without looking up their position in the file. */
const RECENT = 256;

/** What a format provides for the cache: where a page is stored and how it is decoded. */
export interface PageSource {
  readonly pageSize: number;
  /** Identifies the stored bytes of a page. Pages that share their bytes, such as zero pages, have the same number. */
  locate(pfn: number): number | Fault;
  /** Returns exactly `pageSize` bytes. */
  decode(pfn: number): Uint8Array | Fault;
}

/** Reads pages through a cache of `budget` bytes. Faults are not cached, because they are cheap to find again. */
export function cachedPages(source: PageSource, budget = PAGE_CACHE_BYTES): (pfn: number) => Uint8Array | Fault {
  const pages = new Lru<number, Uint8Array>(Math.max(1, Math.floor(budget / source.pageSize)));
  const recentPfn = new Float64Array(RECENT).fill(-1);
  const recentPage: Uint8Array[] = [];
  return (pfn) => {
    const slot = pfn & (RECENT - 1);
    const recent = recentPfn[slot] === pfn ? recentPage[slot] : undefined;
    if (recent) return recent;
    if (!Number.isSafeInteger(pfn)) return Fault.of("missing", `${pfn} is not a page frame number`);
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

/** Returns a fault at the physical address of a page. */
export const pageFault = (kind: Fault["kind"], pfn: number, pageSize: number, message: string): Fault =>
  Fault.at(kind, BigInt(pfn) * BigInt(pageSize), message);
