/** An address space that page tables map to physical memory. */
import { Fault } from "../base/fault.ts";
import type { EntryReader, Paging, Translation, WalkStep } from "../arch/arch.ts";
import { PagedSpace } from "./pagedSpace.ts";
import type { DumpMemory } from "./physicalMemory.ts";

/** Reads pages through `translate`. */
export abstract class MappedMemory extends PagedSpace {
  readonly physical: DumpMemory;
  protected readonly paging: Paging;
  /** The large page translated last: the pages within it need no walk of their own. */
  private large = { start: 0n, end: 0n, physical: 0n };

  /** @param slots maximum number of pages in the cache */
  constructor(name: string, physical: DumpMemory, paging: Paging, slots: number) {
    const { byteOrder, wordSize } = physical;
    // The smaller of the page sizes of dump and kernel, because QEMU writes 64 KiB pages for an arm64 kernel with 4 KiB
    // pages.
    super({
      name,
      byteOrder,
      wordSize,
      pageSize: Math.min(physical.pageSize, paging.pageSize),
      slots,
      onRead: physical.onRead,
    });
    this.physical = physical;
    this.paging = paging;
  }

  protected walk(root: bigint, address: bigint, trail?: WalkStep[]): Translation | Fault {
    return this.paging.walk(root, address, entryReader(this.physical), trail);
  }

  protected load(address: bigint): Uint8Array | Fault {
    const physical = this.resolve(address);
    if (physical instanceof Fault) return physical;
    const bytes = this.physical.unrecorded(physical);
    if (bytes instanceof Fault) return bytes;
    return bytes.length === this.pageSize ? bytes : bytes.subarray(0, this.pageSize);
  }

  private resolve(address: bigint): bigint | Fault {
    const large = this.large;
    if (address >= large.start && address < large.end) return address - large.start + large.physical;
    const found = this.translate(address);
    if (found instanceof Fault) return found;
    if (found.steps.length > 0 && found.pageBytes > this.pageSize) {
      const offset = found.physical & (found.pageBytes - 1n);
      const start = address - offset;
      this.large = { start, end: start + found.pageBytes, physical: found.physical - offset };
    }
    return found.physical;
  }
}

/** Reads page-table entries from physical memory. */
export const entryReader =
  (physical: DumpMemory): EntryReader =>
  (address, bytes) =>
    physical.entry(address, bytes);
