import type { ByteOrder } from "../base/bytes.ts";

/** Bytes at the target's addresses: an address space of a dump, or an ELF image at its link addresses. */
export interface TargetMemory {
  readonly byteOrder: ByteOrder;
  /** Bytes of a target `long`. */
  readonly wordSize: 4 | 8;
  /** Exactly `length` bytes. @throws Fault where there are none */
  read(address: bigint, length: number): Uint8Array;
}
