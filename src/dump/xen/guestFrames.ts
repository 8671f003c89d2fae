/** Makes the memory of a paravirtualized Xen guest readable by the guest's own frame numbers. */
import type { Fault } from "../../base/fault.ts";
import { partitionPoint } from "../../base/search.ts";
import type { DumpImage } from "../format.ts";
import { pageFault } from "../pages.ts";
import type { PhysicalPages } from "../ranges.ts";

/** The pages of a guest, and the guest's frame of each frame of the host. */
export type GuestPages = PhysicalPages & Required<Pick<DumpImage, "guestFrame">>;

/** Maximum frame number of x86: physical addresses have at most 52 bits. */
export const MAX_FRAME = 2 ** 40;

/** Pairs of frames: the guest's (pfn) and the host's (mfn) of the same page. */
export class FrameTable {
  private readonly hostOf = new Map<number, number>();
  private readonly guestOf = new Map<number, number>();

  /** Adds a page. Frames that no machine has are ignored. */
  add(guest: number, host: number): void {
    if (guest >= MAX_FRAME || host >= MAX_FRAME) return;
    this.hostOf.set(guest, host);
    this.guestOf.set(host, guest);
  }

  get size(): number {
    return this.hostOf.size;
  }

  /**
   * Returns the pages of `host`, numbered by the guest's frames. Pages without a frame of the guest are numbered after
   * the guest's: those of the hypervisor, and some of the guest if the dump lacks a part of the table.
   */
  present(host: PhysicalPages): GuestPages {
    const { pageSize } = host;
    const held = Float64Array.from([...this.hostOf].filter(([, mfn]) => host.has(mfn)).map(([pfn]) => pfn)).sort();
    const guestEnd = [...this.hostOf.keys()].reduce((most, pfn) => Math.max(most, pfn + 1), 1);
    const hostStart = 2 ** Math.ceil(Math.log2(guestEnd));
    const hostOf = (pfn: number): number | undefined => {
      if (pfn < hostStart) return this.hostOf.get(pfn);
      return this.guestOf.has(pfn - hostStart) ? undefined : pfn - hostStart;
    };
    const next = (pfn: number): number => {
      // 0 <= i < held.length
      const found = held[partitionPoint(held.length, (i) => held[i]! < pfn)];
      if (found !== undefined) return found;
      let mfn = host.next(Math.max(0, pfn - hostStart));
      while (mfn >= 0 && this.guestOf.has(mfn)) mfn = host.next(mfn + 1);
      return mfn < 0 ? -1 : hostStart + mfn;
    };
    return {
      pageSize,
      maxPfn: hostStart + host.maxPfn,
      page: (pfn): Uint8Array | Fault => {
        const mfn = hostOf(pfn);
        return mfn === undefined ? pageFault("missing", pfn, pageSize, "page not in dump") : host.page(mfn);
      },
      has: (pfn) => next(pfn) === pfn,
      next,
      guestFrame: (mfn) => this.guestOf.get(mfn) ?? hostStart + mfn,
    };
  }
}
