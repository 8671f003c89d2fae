/** Physical memory of a dump. */
import { Fault } from "../base/fault.ts";
import type { Arch, Translation } from "../arch/arch.ts";
import type { DumpImage } from "../dump/format.ts";
import type { PhysicalMemory } from "./memory.ts";
import { PagedSpace } from "./pagedSpace.ts";

/** Number of cached pages. The dump has its own cache of decoded pages. */
const SLOTS = 256;

/** Bits of an x86 page-table entry: _PAGE_PRESENT and the page frame (arch/x86/include/asm/pgtable_types.h). */
const PRESENT = 1n;
const FRAME = 0xffffffffff000n;
const FRAME_SHIFT = 12n;

/** The machine's physical memory as the dump contains it. */
export class DumpMemory extends PagedSpace implements PhysicalMemory {
  readonly end: bigint;
  private readonly image: DumpImage;
  private readonly shift: bigint;
  private readonly origin: bigint;

  /** @param machine whose byte order can differ from the file's @param origin physical address of the dump's first page */
  constructor(image: DumpImage, { byteOrder, wordSize }: Pick<Arch, "byteOrder" | "wordSize">, origin = 0n) {
    super({ name: "physical", byteOrder, wordSize, pageSize: image.pageSize, slots: SLOTS, onRead: image.onRead });
    this.image = image;
    this.shift = BigInt(Math.log2(image.pageSize));
    this.origin = origin;
    this.end = origin + (BigInt(image.maxPfn) << this.shift);
  }

  next(address: bigint): bigint | undefined {
    const from = address > this.origin ? (address - this.origin + BigInt(this.pageSize) - 1n) >> this.shift : 0n;
    const pfn = this.image.next(Number(from));
    return pfn < 0 ? undefined : this.origin + (BigInt(pfn) << this.shift);
  }

  stretch(address: bigint, target: Uint8Array): Uint8Array | Fault {
    const isPage = address >= this.origin && address < this.end && (address & BigInt(this.pageSize - 1)) === 0n;
    const bytes = isPage ? this.image.run?.(Number((address - this.origin) >> this.shift), target) : 0;
    return bytes ? target.subarray(0, bytes) : this.page(address);
  }

  /**
   * Reads a page-table entry with the guest's page frame, also where a paravirtualized Xen guest stores the host's. Such
   * guests exist on x86 only, and have no large pages.
   */
  entry(address: bigint, bytes: 4 | 8): bigint | Fault {
    const entry = this.unsigned(address, bytes);
    if (!this.image.guestFrame || entry instanceof Fault || (entry & PRESENT) === 0n) return entry;
    const frame = this.image.guestFrame(Number((entry & FRAME) >> FRAME_SHIFT));
    return (entry & ~FRAME) | (BigInt(frame) << FRAME_SHIFT);
  }

  translate(address: bigint): Translation | Fault {
    return { physical: address, pageBytes: BigInt(this.pageSize), steps: [] };
  }

  protected load(address: bigint): Uint8Array | Fault {
    if (address < this.origin || address >= this.end) return Fault.at("missing", address, "no such physical memory");
    return this.image.page(Number((address - this.origin) >> this.shift));
  }
}
