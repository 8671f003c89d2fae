/** Records which bytes of a dump are read. */
import { Fault } from "../base/fault.ts";
import type { DumpImage } from "./format.ts";

/** One bit per byte of a page: lowest bit of each byte first. */
type Mask = Uint8Array;

/** A dump whose reads are recorded by byte, and the record. */
export class Recording {
  /** The dump. The address spaces over it report their reads. */
  readonly image: DumpImage;
  /** Pages that were handed out as a whole, as for scans. */
  readonly scanned = new Set<number>();
  /** Pages that a read needed and that the dump excludes. */
  readonly excluded = new Set<number>();
  private readonly source: DumpImage;
  private readonly masks = new Map<number, Mask>();
  private readonly erasures = new Map<number, Mask>();
  /** The page frame number of each buffer that was handed out. */
  private readonly pfnOf = new WeakMap<ArrayBufferLike, number>();
  private lastBuffer: ArrayBufferLike | undefined;
  private lastPfn = -1;
  private lastMask: Mask | undefined;
  private isPaused = false;

  constructor(source: DumpImage) {
    this.source = source;
    // Scans read whole pages through `page`, so that all reads are seen.
    const { run: _, ...rest } = { ...source, run: undefined };
    this.image = {
      ...rest,
      page: (pfn) => this.page(pfn),
      has: (pfn) => source.has(pfn),
      next: (pfn) => source.next(pfn),
      onRead: (piece, from, length, isWhole = false) => this.add(piece, from, length, isWhole),
      close: () => source.close(),
    };
  }

  /** Runs a function whose reads are not recorded. */
  paused<T>(work: () => T): T {
    const before = this.isPaused;
    this.isPaused = true;
    try {
      return work();
    } finally {
      this.isPaused = before;
    }
  }

  /** Records a page as read of which no byte is needed. */
  touch(pfn: number): void {
    if (this.source.has(pfn)) this.maskOf(pfn);
  }

  /** Sets bytes of a page to zero in the result, whatever was read of it. */
  erase(pfn: number, from: number, length: number): void {
    let mask = this.erasures.get(pfn);
    if (!mask) this.erasures.set(pfn, (mask = new Uint8Array(this.image.pageSize / 8)));
    setBits(mask, from, Math.min(this.image.pageSize, from + length));
  }

  /** Removes a page from the record. */
  drop(pfn: number): void {
    this.masks.delete(pfn);
    this.lastBuffer = undefined;
  }

  /** The pages of which anything was read, ascending. */
  get pfns(): Float64Array {
    return Float64Array.from(this.masks.keys()).sort();
  }

  /** Returns a page with only the bytes that were read; all others are zero. */
  kept(pfn: number): Uint8Array | Fault {
    const page = this.source.page(pfn);
    if (page instanceof Fault) return page;
    const result = new Uint8Array(page.length);
    const mask = this.masks.get(pfn);
    const erased = this.erasures.get(pfn);
    if (!mask) return result;
    for (let byte = 0; byte < mask.length; byte++) {
      const bits = (mask[byte] ?? 0) & ~(erased?.[byte] ?? 0);
      if (bits === 0xff) result.set(page.subarray(byte * 8, byte * 8 + 8), byte * 8);
      else if (bits !== 0)
        for (let bit = 0; bit < 8; bit++) if (bits & (1 << bit)) result[byte * 8 + bit] = page[byte * 8 + bit] ?? 0;
    }
    return result;
  }

  /** Returns a copy of a page with a buffer of its own, so that a read of a part of it identifies the page. */
  private page(pfn: number): Uint8Array | Fault {
    const page = this.source.page(pfn);
    if (page instanceof Fault) {
      if (page.kind === "excluded" && !this.isPaused) this.excluded.add(pfn);
      return page;
    }
    const copy = new Uint8Array(page);
    this.pfnOf.set(copy.buffer, pfn);
    return copy;
  }

  private add(piece: Uint8Array, from: number, length: number, isWhole: boolean): void {
    if (this.isPaused) return;
    const { buffer } = piece;
    if (buffer !== this.lastBuffer) {
      const pfn = this.pfnOf.get(buffer);
      this.lastBuffer = buffer;
      this.lastPfn = pfn ?? -1;
      this.lastMask = pfn === undefined ? undefined : this.maskOf(pfn);
    }
    // A page that is not from the dump, such as text of the vmlinux, has no record.
    if (!this.lastMask) return;
    if (isWhole) this.scanned.add(this.lastPfn);
    const start = piece.byteOffset + from;
    setBits(this.lastMask, start, start + length);
  }

  private maskOf(pfn: number): Mask {
    let mask = this.masks.get(pfn);
    if (!mask) this.masks.set(pfn, (mask = new Uint8Array(this.image.pageSize / 8)));
    return mask;
  }
}

function setBits(mask: Mask, from: number, to: number): void {
  const first = from >>> 3;
  const last = to >>> 3;
  const head = (0xff << (from & 7)) & 0xff;
  const tail = (1 << (to & 7)) - 1;
  if (first === last) {
    mask[first] = (mask[first] ?? 0) | (head & tail);
    return;
  }
  mask[first] = (mask[first] ?? 0) | head;
  mask.fill(0xff, first + 1, last);
  if (tail !== 0) mask[last] = (mask[last] ?? 0) | tail;
}
