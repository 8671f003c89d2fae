/** Pages that a file holds one by one, each at its own place. */
import { Fault } from "../base/fault.ts";
import { lastStart, topmost } from "../base/intervals.ts";
import type { OpenOptions } from "./format.ts";
import { cachedPages, pageFault } from "./pages.ts";
import type { PhysicalPages } from "./ranges.ts";

/** Maximum number of runs, because a damaged file must not fill memory: 64 GiB whose pages are all stored apart. */
const MAX_RUNS = 1 << 24;

/**
 * An index of pages: runs of pages that are stored at a constant distance. If a page was added several times, the last
 * one counts.
 */
export class PageRuns {
  private readonly starts: number[] = [];
  private readonly ends: number[] = [];
  private readonly places: number[] = [];
  private readonly strides: number[] = [];
  private readonly name: string;
  private readonly limit: number;

  /** @param name the file, for messages @param limit maximum number of runs */
  constructor(name: string, limit = MAX_RUNS) {
    this.name = name;
    this.limit = limit;
  }

  /**
   * Adds a page. @param place where it is stored, a number that `read` of `pages` understands
   * @param stride distance from `place` to the place of the next page, if that page directly follows in the file; 0 for
   * a page whose bytes are shared
   * @throws Fault corrupt if the file has too many pieces
   */
  add(pfn: number, place: number, stride: number): void {
    const last = this.starts.length - 1;
    const count = (this.ends[last] ?? 0) - (this.starts[last] ?? 0);
    if (this.ends[last] === pfn && this.strides[last] === stride && this.places[last] === place - count * stride) {
      this.ends[last] = pfn + 1;
      return;
    }
    if (last + 1 === this.limit)
      throw Fault.of("corrupt", `${this.name}: its pages are in more than ${this.limit} pieces`);
    this.starts.push(pfn);
    this.ends.push(pfn + 1);
    this.places.push(place);
    this.strides.push(stride);
  }

  /**
   * Returns the added pages for reading.
   * @param read returns the page of a place, exactly `pageSize` bytes
   * @param absent the reason why a page that was not added is absent
   */
  pages(
    pageSize: number,
    read: (place: number) => Uint8Array | Fault,
    { cacheBytes }: OpenOptions,
    absent = "page not in dump",
  ): PhysicalPages {
    const runs = topmost(this.starts, this.ends);
    const locate = (pfn: number): number | Fault => {
      const run = lastStart(runs, pfn);
      if (run < 0 || pfn >= (runs.ends[run] ?? 0)) return pageFault("missing", pfn, pageSize, absent);
      const source = runs.sources[run] ?? 0;
      return (this.places[source] ?? 0) + (pfn - (this.starts[source] ?? 0)) * (this.strides[source] ?? 0);
    };
    const next = (pfn: number): number => {
      const at = Math.max(0, pfn);
      const run = lastStart(runs, at);
      if (run >= 0 && at < (runs.ends[run] ?? 0)) return at;
      return runs.starts[run + 1] ?? -1;
    };
    return {
      pageSize,
      maxPfn: runs.ends.at(-1) ?? 0,
      page: cachedPages(
        {
          pageSize,
          locate,
          decode(pfn) {
            const place = locate(pfn);
            if (place instanceof Fault) return place;
            const page = read(place);
            return page instanceof Fault ? pageFault(page.kind, pfn, pageSize, page.message) : page;
          },
        },
        cacheBytes,
      ),
      has: (pfn) => next(pfn) === pfn,
      next,
    };
  }
}
