/** Physical memory of a dump. */
import { Fault } from "../base/fault.ts";
import type { Arch, Translation } from "../arch/arch.ts";
import type { DumpImage } from "../dump/format.ts";
import type { PhysicalMemory } from "./memory.ts";
import { PagedSpace } from "./pagedSpace.ts";

/** Number of cached pages. The dump has its own cache of decoded pages. */
const SLOTS = 256;

/** The machine's physical memory as the dump contains it. */
export class DumpMemory extends PagedSpace implements PhysicalMemory {
  readonly end: bigint;
  private readonly image: DumpImage;
  private readonly shift: bigint;
  private readonly origin: bigint;

  /** @param machine whose byte order can differ from the file's @param origin physical address of the dump's first page */
  constructor(image: DumpImage, { byteOrder, wordSize }: Pick<Arch, "byteOrder" | "wordSize">, origin = 0n) {
    super({ name: "physical", byteOrder, wordSize, pageSize: image.pageSize, slots: SLOTS });
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

  translate(address: bigint): Translation | Fault {
    return { physical: address, pageBytes: BigInt(this.pageSize), steps: [] };
  }

  protected load(address: bigint): Uint8Array | Fault {
    if (address < this.origin || address >= this.end) return Fault.at("missing", address, "no such physical memory");
    return this.image.page(Number((address - this.origin) >> this.shift));
  }
}
