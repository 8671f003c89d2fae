/** Addresses of an image as numbers. */
import type { ElfFile } from "../elf/elf.ts";
import { type Placement, textRanges } from "../elf/placement.ts";

/**
 * Converts addresses of one image to numbers: the signed distance from a base inside the image. Kernel addresses need
 * all 64 bits, distances within an image do not, and tables and hot loops are faster with numbers.
 */
export class Addressing {
  readonly base: bigint;
  /** Size of an address in bytes. */
  readonly bytes: 4 | 8;
  private readonly high: number;
  private readonly low: number;

  constructor(base: bigint, bytes: 4 | 8) {
    this.base = base;
    this.bytes = bytes;
    this.high = Number(base >> 32n);
    this.low = Number(base & 0xffffffffn);
  }

  distance(address: bigint): number {
    return Number(BigInt.asIntN(64, address - this.base));
  }

  /** Returns the distance of an address given as two unsigned 32-bit halves; `high` is 0 for a 32-bit address. */
  join(high: number, low: number): number {
    return ((high - this.high) | 0) * 0x100000000 + (low - this.low);
  }

  address(distance: number): bigint {
    return BigInt.asUintN(this.bytes * 8, this.base + BigInt(distance));
  }
}

/** Returns the addressing of an image. Its base is the start of the image's code; 0 if it has no code. */
export function addressingOf(elf: ElfFile, placement?: Placement): Addressing {
  let base: bigint | undefined;
  for (const { start } of textRanges(elf, placement)) if (base === undefined || start < base) base = start;
  return new Addressing(base ?? 0n, elf.wordSize);
}
