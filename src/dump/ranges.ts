/** Memory that a file holds as ranges of physical addresses. */
import { Fault } from "../base/fault.ts";
import { type RandomFile, readBytes } from "../base/file.ts";
import { lastStart, topmost, type Runs } from "../base/intervals.ts";
import type { DumpImage, OpenOptions } from "./format.ts";
import { cachedPages, FILE_ENDS, pageBuffers, pageFault, STORED_CACHE_BYTES } from "./pages.ts";

/** A range of physical memory and where the file holds it. All values are in bytes. */
export interface MemoryRange {
  readonly physical: number;
  readonly offset: number;
  /** Bytes that the file holds. */
  readonly fileSize: number;
  /** Bytes that the machine had. Default: `fileSize`. */
  readonly memorySize?: number;
}

/** What the page readers implement of a DumpImage. */
export type PhysicalPages = Pick<DumpImage, "pageSize" | "maxPfn" | "page" | "run" | "has" | "next" | "guestFrame">;

/** Collects ranges and reads their pages. The ranges can be unsorted, overlapping and hundreds of thousands. */
export class Ranges {
  private readonly physical: number[] = [];
  private readonly offset: number[] = [];
  private readonly fileSize: number[] = [];
  private readonly memorySize: number[] = [];

  add({ physical, offset, fileSize, memorySize = fileSize }: MemoryRange): void {
    this.physical.push(physical);
    this.offset.push(offset);
    this.fileSize.push(fileSize);
    this.memorySize.push(memorySize);
  }

  /** Least size of a file that holds all ranges, in bytes. */
  get extent(): number {
    return this.offset.reduce((most, offset, i) => Math.max(most, offset + (this.fileSize[i] ?? 0)), 0);
  }

  /**
   * Whether all ranges have physical address 0, as in the core of a process; false for a single range, which can begin
   * there.
   */
  get lackPhysical(): boolean {
    return this.physical.length !== 1 && this.physical.every((address) => address === 0);
  }

  /** Reads pages of the ranges. */
  pages(file: RandomFile, pageSize: number, { cacheBytes = STORED_CACHE_BYTES }: OpenOptions): PhysicalPages {
    const ends = (sizes: readonly number[]): number[] => this.physical.map((start, i) => start + (sizes[i] ?? 0));
    const memory = topmost(this.physical, ends(this.memorySize));
    const held = topmost(this.physical, ends(this.fileSize));
    const last = Math.max(memory.ends.at(-1) ?? 0, held.ends.at(-1) ?? 0);
    const offsets = Float64Array.from(held.starts, (start, run) => {
      const source = held.sources[run] ?? 0;
      return (this.offset[source] ?? 0) + start - (this.physical[source] ?? 0);
    });
    const layout: Layout = { pageSize, memory, held, offsets };
    const buffers = pageBuffers(pageSize);
    const decode = (pfn: number): Uint8Array | Fault => readPage(file, layout, pfn, buffers);
    const next = nextPage(file, layout);
    return {
      pageSize,
      maxPfn: Math.ceil(last / pageSize),
      page: cachedPages({ pageSize, locate: (pfn) => pfn, decode }, cacheBytes),
      run: (pfn, target) => readRun(file, layout, pfn, target),
      has: (pfn) => next(pfn) === pfn,
      next,
    };
  }
}

interface Layout {
  readonly pageSize: number;
  /** The runs of memory that the machine had. */
  readonly memory: Runs;
  /** The runs that the file should hold, with their file offsets. */
  readonly held: Runs;
  readonly offsets: Float64Array;
}

/**
 * Assembles a page from all runs that overlap it, because firmware can leave memory that does not end at a page
 * boundary. Gaps between the runs read as zero. @param buffers makes buffers for whole pages
 */
function readPage(file: RandomFile, layout: Layout, pfn: number, buffers: () => Uint8Array): Uint8Array | Fault {
  const { pageSize, memory, held, offsets } = layout;
  const start = pfn * pageSize;
  const end = start + pageSize;
  let page: Uint8Array | undefined;
  for (let run = Math.max(0, lastStart(held, start)); (held.starts[run] ?? Infinity) < end; run++) {
    const runStart = held.starts[run] ?? 0;
    const from = Math.max(start, runStart);
    const length = Math.min(end, held.ends[run] ?? 0) - from;
    if (length <= 0) continue;
    const offset = (offsets[run] ?? 0) + from - runStart;
    const bytes = readBytes(file, offset, length, length === pageSize ? buffers : undefined);
    if (bytes instanceof Fault) return pageFault(bytes.kind, pfn, pageSize, bytes.message);
    if (bytes.length < length) return pageFault("truncated", pfn, pageSize, FILE_ENDS);
    if (length === pageSize) return bytes;
    page ??= new Uint8Array(pageSize);
    page.set(bytes, from - start);
  }
  if (page) return page;
  const run = Math.max(0, lastStart(memory, start));
  const inMemory = [run, run + 1].some((i) => (memory.starts[i] ?? Infinity) < end && (memory.ends[i] ?? 0) > start);
  return inMemory
    ? pageFault("excluded", pfn, pageSize, "page excluded from dump")
    : pageFault("missing", pfn, pageSize, "page not in dump");
}

/**
 * Fills `target` with whole pages from one run of the file. @returns the number of bytes; 0 if the page is not whole in
 * the file or cannot be read
 */
function readRun(file: RandomFile, { pageSize, held, offsets }: Layout, pfn: number, target: Uint8Array): number {
  const start = pfn * pageSize;
  const run = lastStart(held, start);
  const wanted = Math.min((held.ends[run] ?? 0) - start, target.length);
  const whole = wanted - (wanted % pageSize);
  if (run < 0 || whole <= 0 || !file.readInto) return 0;
  try {
    const bytes = file.readInto(target.subarray(0, whole), (offsets[run] ?? 0) + start - (held.starts[run] ?? 0));
    return bytes - (bytes % pageSize);
  } catch (error) {
    // A failed read is reported when the next page is read.
    if (error instanceof Error && "code" in error) return 0;
    throw error;
  }
}

/** Returns the first page at or after a page of which the file holds any byte; -1 if there is none. */
function nextPage(file: RandomFile, { pageSize, held, offsets }: Layout): (pfn: number) => number {
  const readable = Float64Array.from(held.starts, (start, run) =>
    Math.min(held.ends[run] ?? 0, start + file.size - (offsets[run] ?? 0)),
  );
  return (pfn) => {
    const start = Math.max(0, pfn * pageSize);
    for (let run = Math.max(0, lastStart(held, start)); run < held.starts.length; run++) {
      const from = Math.max(start, held.starts[run] ?? 0);
      if ((readable[run] ?? 0) > from) return Math.floor(from / pageSize);
    }
    return -1;
  };
}
